"""A shop whose pages are in one language, vendor's words and all: whatever else is said on them is our own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.catalog.service import retire_item
from qrmerch.clock import now
from qrmerch.content.models import Style
from qrmerch.media.models import Asset
from qrmerch.offers.models import Offer
from qrmerch.parties.models import Retailer, Store, Vendor
from qrmerch.reviews.models import ReviewState
from tests.factories import (
    make_asset,
    make_code,
    make_item,
    make_offer,
    make_retailer,
    make_review,
    make_store,
    make_template,
    make_vendor,
    publish_page,
)
from tests.landing.aisle import stock, variants_of

# What the vendor and the retailer say: a headline, a story, a fabric, an offer, its terms, a review.
SAID: Final = {
    "ar": (
        "حياكة واسعة.",
        "قطن بغرز مفتوحة.",
        "قطن",
        "خصم على كل قطعة صفراء",
        "رمز واحد لكل زائر.",
        "لبستها في المساء نفسه.",
    ),
    "de": (
        "Der lockere Strick, mit dem Jeans nach Absicht aussehen.",
        "Baumwolle in offenem Strick, mit rundem Ausschnitt.",
        "Baumwolle, offen gestrickt",
        "Zehn Prozent auf jedes gelbe Oberteil",
        "Ein Code je Person. Solange der Vorrat reicht.",
        "Noch am selben Abend getragen.",
    ),
    "es": (
        "El punto suelto que da sentido a los vaqueros.",
        "Algodón de punto abierto, con escote redondo.",
        "Algodón, punto abierto",
        "Un diez por ciento en toda prenda amarilla",
        "Un código por persona. Hasta agotar existencias.",
        "Me la puse esa misma noche.",
    ),
    "fr": (
        "La maille lâche qui donne une idée au jean.",
        "Coton à maille ajourée, encolure ronde.",
        "Coton, maille ajourée",
        "Dix pour cent sur tous les hauts jaunes",
        "Un code par personne. Dans la limite des stocks.",
        "Portée le soir même.",
    ),
}


@dataclass
class House:
    """A shop with one item in each style, in three sizes of two colours, and one item of each way to have no page."""

    retailer: Retailer
    store: Store
    items: dict[Style, Item]
    bare: Item
    gone: Item
    retired: Item
    offer: Offer
    tokens: dict[Style, str]

    def page(self, item: Item) -> str:
        return f"/i/{item.public_id}?at={self.store.public_id}"


def make_house(db: Session, locale: str, *, draw: Callable[[Vendor, str], str] | None = None) -> House:
    """The shop, committed, its pages in `locale` and in English.

    :param draw: gives the id of a picture of a vendor's; without it there are rows and no files.
    """
    lede, story, fabric, headline, terms, review = SAID[locale.split("-")[0]]
    retailer = make_retailer(db, slug="fashiontown", name="Fashiontown", locales=[locale, "en"])
    store, other = (make_store(db, retailer, short_name=name) for name in ("Riverside", "Galleria"))
    vendor = make_vendor(db, retailer, name="Sunny Side")
    sizes = ("S", "M", "L", "XL")

    def make(title: str) -> Item:
        return make_item(db, retailer, vendor=vendor, title=title, sizes=sizes)

    items = {style: make(f"Marigold {style.capitalize()}") for style in Style}
    bare, gone, retired = make("Indigo"), make("Silver Cross"), make("Cobalt")
    for style, item in (*items.items(), (Style.EVERYDAY, gone)):
        slots: dict[str, object] = {
            "story.lede": {locale: lede},
            "story.text": {locale: story},
            "facts.rows": [{"name": {locale: name}, "value": {locale: fabric}} for name in ("Material", "Made in")],
        }
        pictures = [draw(vendor, f"{item.title} {n}") if draw else make_asset(db, vendor).id for n in (1, 2)]
        for picture in pictures:
            db.get_one(Asset, picture).alt = {locale: item.title}
        slots["gallery.pictures"] = pictures
        template = make_template(db, retailer, style=style, is_default=style == Style.EVERYDAY and item is gone)
        publish_page(db, item, template=template, slots=slots)
        for stars in (5, 4, 2, 1):
            make_review(db, item, stars=stars, text=review, state=ReviewState.PUBLISHED)
        stock(db, item, store, 8, 2, 0, 0)
        stock(db, item, other, 8, 8, 8, 0)
    for variant, colour in zip(variants_of(db, items[Style.EVERYDAY]), ("Gelb", "Gelb", "Rot", "Rot"), strict=True):
        variant.options = {**variant.options, "Color": colour}
    stock(db, gone, store, 0, 0, 0, 0)
    retire_item(db, retired, at=now())
    at = now()
    offer = make_offer(
        db, *items.values(), gone, headline=headline, terms=terms, until_at=at + timedelta(days=10), limit_total=9
    )
    tokens = {style: make_code(db, item, store=store).token for style, item in items.items()}
    db.commit()
    return House(retailer, store, items, bare, gone, retired, offer, tokens)
