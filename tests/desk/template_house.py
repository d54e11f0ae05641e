"""A retailer whose templates are looked at and built."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.content.models import PageTemplate
from qrmerch.parties.models import Retailer
from tests.factories import Person, make_item, make_person, make_retailer, make_template, publish_page


@dataclass
class House:
    """Fashiontown with one template, a live page in it, and Mia."""

    retailer: Retailer
    template: PageTemplate
    item: Item
    mia: Person

    @property
    def address(self) -> str:
        return f"/desk/templates/{self.template.id}"


def make_template_house(db: Session) -> House:
    """The house, committed."""
    retailer = make_retailer(db, name="Fashiontown", locales=["en", "ar"])
    template = make_template(db, retailer, name="Everyday")
    item = make_item(db, retailer, title="Marigold Slouch Top")
    publish_page(db, item, template=template)
    mia = make_person(db, Role.MERCHANDISER, name="Mia", retailer=retailer)
    db.commit()
    return House(retailer, template, item, mia)
