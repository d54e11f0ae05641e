"""What the content editor works on: an item at a retailer, its template, and the revision that is being written."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import get_item
from qrmerch.content.drafts import begin_draft
from qrmerch.content.models import Content, PageTemplate, Revision, RevisionState, TemplateVersion
from qrmerch.content.queries import (
    find_content,
    find_latest,
    find_template_of,
    get_content,
    get_template,
    get_version,
    next_number,
    slots_of,
)
from qrmerch.content.slots import Slot, read_slots
from qrmerch.errors import Conflict
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import get_retailer


@dataclass(frozen=True, slots=True)
class Subject:
    """An item's page in a template. `revision` is the open draft, or the one that waits, or what the next would be."""

    item: Item
    retailer: Retailer
    template: PageTemplate
    version: TemplateVersion
    content: Content | None
    revision: Revision
    latest: Revision | None

    @property
    def slots(self) -> dict[str, Slot]:
        return read_slots(self.version.sections)

    @property
    def values(self) -> dict[str, object]:
        return slots_of(self.revision)

    @property
    def locales(self) -> tuple[str, ...]:
        """The retailer's languages, its first one first."""
        return tuple(dict.fromkeys((self.retailer.default_locale, *self.retailer.locales)))

    @property
    def is_open(self) -> bool:
        """Whether it can be written: there is a draft, or the next one may begin."""
        return self.revision.state == RevisionState.DRAFT

    @property
    def is_kept(self) -> bool:
        """Whether the revision is a row yet."""
        return self.latest is not None and self.revision is self.latest

    def address(self, part: str = "", **said: str) -> str:
        """The editor's address, with a last part and a query."""
        base = f"/studio/content/{self.content.id if self.content else 'new'}"
        query = {"item": "" if self.content else self.item.id, **said}
        told = urlencode({name: value for name, value in query.items() if value})
        return f"{base}{part}" + (f"?{told}" if told else "")


def load_subject(db: Session, content_id: str, *, at: datetime) -> Subject:
    """What is written of an item.

    :raises NotFound: there is no such content that the session may see.
    """
    content = get_content(db, content_id)
    template = get_template(db, content.template_id)
    return _subject(db, get_item(db, content.item_id), template, content, at)


def load_subject_of(db: Session, item_id: str, *, at: datetime) -> Subject:
    """What is or would be written of an item; nothing is made.

    :raises NotFound: there is no such item that the session may see.
    :raises Conflict: the retailer has no template.
    """
    item = get_item(db, item_id)
    template = find_template_of(db, item)
    if template is None:
        retailer = get_retailer(db, item.retailer_id)
        raise Conflict(f"{retailer.name} has no page template yet. Ask them to add one, then come back.")
    return _subject(db, item, template, find_content(db, item.id, template.id), at)


def _subject(db: Session, item: Item, template: PageTemplate, content: Content | None, at: datetime) -> Subject:
    latest = find_latest(db, content.id) if content else None
    if latest is not None and latest.state in (RevisionState.DRAFT, RevisionState.SUBMITTED):
        revision = latest
    else:
        revision = begin_draft(db, item, template, at=at)
        revision.number = next_number(db, content.id) if content else 1
    version = get_version(db, revision.template_version_id)
    return Subject(item, get_retailer(db, item.retailer_id), template, version, content, revision, latest)
