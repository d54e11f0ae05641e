"""What a chat or a search engine is told of a page."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import orjson
from babel import Locale
from babel.core import get_global
from markupsafe import Markup
from sqlalchemy.orm import Session

from qrmerch.content.library import HEAD_KINDS
from qrmerch.media.queries import Source as MediaSource
from qrmerch.money import plain_amount
from qrmerch.offers.models import Offer
from qrmerch.parties.queries import printed_base
from qrmerch.rendering.pages import Picture, Preview, Recording, ReviewSection
from qrmerch.rendering.queries import Scene
from qrmerch.rendering.wording import word_stock

# As long as a page is kept.
_PRICE_HOLDS: Final = timedelta(hours=24)
_AVAILABILITY: Final = {"in_stock": "InStoreOnly", "few": "LimitedAvailability", "none": "OutOfStock"}


def make_preview(
    db: Session,
    scene: Scene,
    gallery: Sequence[Picture],
    image: MediaSource | None,
    reviews: ReviewSection | None,
    *,
    base_url: str,
    recordings: Iterable[Recording] = (),
    heads: Collection[str] = HEAD_KINDS,
    offer: Offer | None = None,
    at: datetime,
) -> Preview:
    """What machines are told of the page.

    :param heads: which sections of the head the page has: what it does not say, nobody is told.
    :param offer: what is promised in the bar: with its end, the price may be another one.
    :param at: when the page is rendered.
    """
    base = printed_base(db, scene.retailer.id, base_url=base_url)
    url = f"{base}/i/{scene.item.public_id}"
    facts: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": scene.item.title,
        "url": url,
    }
    if gallery:
        facts["image"] = base + gallery[0].src
    if scene.maker and "headline" in heads:
        facts["brand"] = {"@type": "Brand", "name": scene.maker}
    priced = [variant for variant in scene.shelf.variants if variant.price_minor is not None]
    facts |= _number_facts(scene)
    if priced and "price" in heads:
        facts["offers"] = _offer_facts(scene, url, has_stock="stock" in heads, until_at=_price_end(offer, at))
    if reviews and reviews.average is not None:
        stars = sum(row.stars * row.count for row in reviews.stars)
        value = round(stars / reviews.count, 1)
        facts["aggregateRating"] = {"@type": "AggregateRating", "ratingValue": value, "reviewCount": reviews.count}
    films = [_film_facts(scene, base, each) for each in recordings if each.is_film]
    if films:
        facts["subjectOf"] = films[0] if len(films) == 1 else films
    has_languages = len(scene.offered) > 1
    return Preview(
        url=f"{url}?lang={scene.source.locale}" if has_languages else url,
        json_ld=safe_json(facts),
        image=base + image.url if image else None,
        image_width=image.width if image else 0,
        image_height=image.height if image else 0,
        image_alt=gallery[0].alt if image and gallery else "",
        locale=graph_locale(scene.source.locale),
        languages=(*((each, f"{url}?lang={each}") for each in scene.offered), ("x-default", url))
        if has_languages
        else (),
        other_locales=tuple(graph_locale(each) for each in scene.offered if each != scene.source.locale),
    )


def graph_locale(locale: str) -> str:
    """A language as Open Graph writes it, with its most likely country: `en_US`, `ar_EG`."""
    full = Locale.parse(locale.replace("-", "_"))
    if not full.territory:
        likely = get_global("likely_subtags").get(full.language, "")
        territory = likely.split("_")[-1]
        return f"{full.language}_{territory}" if len(territory) == 2 else full.language
    return f"{full.language}_{full.territory}"


def _film_facts(scene: Scene, base: str, film: Recording) -> dict[str, object]:
    facts: dict[str, object] = {
        "@type": "VideoObject",
        "name": scene.item.title,
        "contentUrl": base + film.src,
        "uploadDate": film.sent_at,
        "duration": f"PT{film.duration_s}S",
    }
    if film.poster:
        facts["thumbnailUrl"] = base + film.poster
    if film.transcript:
        facts["transcript"] = " ".join(film.transcript)
    return facts


def _number_facts(scene: Scene) -> dict[str, object]:
    """The GTIN and the SKU, of the variant that was printed or of the only one there is; of several, none."""
    variants = scene.shelf.variants
    meant = [each for each in variants if each.key == scene.pick] if scene.pick else variants
    if len(meant) != 1:
        return {}
    (variant,) = meant
    numbers = {"gtin": variant.gtin, "sku": variant.sku}
    return {name: number for name, number in numbers.items() if number}


def _price_end(offer: Offer | None, at: datetime) -> datetime:
    """Until when the price is promised: to the end of what is offered, and no longer than a page is kept."""
    kept_until = at + _PRICE_HOLDS
    return min(offer.until_at, kept_until) if offer else kept_until


def _offer_facts(scene: Scene, url: str, *, has_stock: bool, until_at: datetime) -> dict[str, object]:
    amounts = [variant.price_minor for variant in scene.shelf.variants if variant.price_minor is not None]
    currency = next(variant.currency for variant in scene.shelf.variants if variant.price_minor is not None)
    state, _ = word_stock(scene.shelf, scene.store, "en")
    facts: dict[str, object] = {
        "@type": "Offer",
        "price": plain_amount(min(amounts), currency),
        "priceCurrency": currency,
        "url": url,
        "priceValidUntil": until_at.astimezone(ZoneInfo(scene.zone)).date().isoformat(),
    }
    # Nothing is said of what old figures leave open.
    if has_stock and state in _AVAILABILITY:
        facts["availability"] = f"https://schema.org/{_AVAILABILITY[state]}"
    return facts


def safe_json(value: Mapping[str, object]) -> Markup:
    """JSON that can stand inside a script element: nothing in it can end the element or open another."""
    text = orjson.dumps(value).decode()
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - every character that means something to HTML is escaped above
