"""Which languages an item's page is offered in: a hidden one only where everything is said in it."""

from sqlalchemy.orm import Session

from qrmerch.content.models import Revision, TemplateVersion
from qrmerch.content.queries import slots_of
from qrmerch.content.slots import list_untranslated, read_slots
from qrmerch.rendering.frame import House


def list_offered(db: Session, house: House, shown: Revision | None) -> tuple[str, ...]:
    """The languages of a page, first one first.

    :param shown: what is published of the item; None for nothing.
    """
    if not house.hidden:
        return house.locales
    if shown is None:
        return tuple(each for each in house.locales if each not in house.hidden)
    sections = db.get_one(TemplateVersion, shown.template_version_id).sections
    # No shopper misses what is for associates.
    slots = {name: slot for name, slot in read_slots(sections).items() if not slot.is_for_staff}
    values = slots_of(shown)
    lacking = {each for each in house.hidden if list_untranslated(slots, values, each, house.first)}
    return tuple(each for each in house.locales if each not in lacking)
