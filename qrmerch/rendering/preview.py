"""What a chat or a search engine is told of a page."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import orjson
from markupsafe import Markup
from sqlalchemy.orm import Session

from qrmerch.content.library import HEAD_KINDS
from qrmerch.media.queries import Source as MediaSource
from qrmerch.money import plain_amount
from qrmerch.parties.queries import printed_base
from qrmerch.rendering.pages import Picture, Preview, Recording, ReviewSection
from qrmerch.rendering.queries import Scene
from qrmerch.rendering.wording import word_stock

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
) -> Preview:
    """:param heads: which sections of the head the page has: what it does not say, nobody is told."""
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
    if scene.maker:
        facts["brand"] = {"@type": "Brand", "name": scene.maker}
    priced = [variant for variant in scene.shelf.variants if variant.price_minor is not None]
    if priced and "price" in heads:
        facts["offers"] = _offer_facts(scene, url, has_stock="stock" in heads)
    if reviews and reviews.average is not None:
        stars = sum(row.stars * row.count for row in reviews.stars)
        value = round(stars / reviews.count, 1)
        facts["aggregateRating"] = {"@type": "AggregateRating", "ratingValue": value, "reviewCount": reviews.count}
    films = [_film_facts(scene, base, each) for each in recordings if each.is_film]
    if films:
        facts["subjectOf"] = films[0] if len(films) == 1 else films
    return Preview(
        url=url,
        json_ld=safe_json(facts),
        image=base + image.url if image else None,
        image_width=image.width if image else 0,
        image_height=image.height if image else 0,
    )


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


def _offer_facts(scene: Scene, url: str, *, has_stock: bool) -> dict[str, object]:
    amounts = [variant.price_minor for variant in scene.shelf.variants if variant.price_minor is not None]
    currency = next(variant.currency for variant in scene.shelf.variants if variant.price_minor is not None)
    state, _ = word_stock(scene.shelf, scene.store, "en")
    facts: dict[str, object] = {
        "@type": "Offer",
        "price": plain_amount(min(amounts), currency),
        "priceCurrency": currency,
        "url": url,
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
