"""One revision on the reviewer's desk: what it changes, before and after, and what can be done with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from qrmerch.access import PUBLISHERS, Principal
from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import get_item
from qrmerch.content.comparing import SlotChange, compare, in_stretches, list_unchanged
from qrmerch.content.holding import find_shown, list_publications
from qrmerch.content.models import Publication, Revision, RevisionState, Verdict
from qrmerch.content.picture_codes import find_in_revision
from qrmerch.content.queries import (
    find_approval,
    find_last_return,
    find_next_waiting,
    get_content,
    get_revision,
    get_version,
    revisions_by_id,
    slots_of,
)
from qrmerch.content.reviewing import list_reviewers
from qrmerch.content.slots import Slot, read_slots
from qrmerch.desk.previews import SCHEMES
from qrmerch.desk.review_pages import AssignForm, ChangeRow, Phone, PictureMark, PublishForm, Remark, RevisionPage
from qrmerch.desk.take_down import offer_take_down
from qrmerch.desk.terms import TypedPublication, say_scope
from qrmerch.desk.times import clock_of, said_age, said_at, said_in_text
from qrmerch.errors import NotFound
from qrmerch.i18n import direction, language_name
from qrmerch.media.queries import Picture, pictures_of
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import Retailer, Vendor
from qrmerch.parties.queries import get_retailer, list_stores
from qrmerch.users.models import User

_DIGEST_CHARS: Final = 12
# As a `datetime-local` field holds an instant.
_FIELD: Final = "%Y-%m-%dT%H:%M"
_ANSWERS: Final = {Verdict.APPROVED: "Approved", Verdict.RETURNED: "Returned", Verdict.REJECTED: "Rejected"}
_RULES: Final = {
    "trusted": "rule, as the vendor is trusted,",
    "small": "rule, as a small change,",
    "migration": "rule, as its template moved on,",
}
_NUMBERS: Final = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


@dataclass(frozen=True, slots=True)
class TypedAnswer:
    """Comments as they were typed, by slot ("story.text") or slot and language ("story.text@ar"), and problems."""

    comments: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TypedAssignment:
    """Who answers and by when, as it was typed, and what is wrong with it."""

    assignee: str = ""
    due: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)


def get_sent(db: Session, revision_id: str) -> Revision:
    """A revision that was sent; a draft is the vendor's own.

    :raises NotFound: there is none that the session may see, or it is a draft.
    """
    revision = get_revision(db, revision_id)
    if revision.state == RevisionState.DRAFT:
        raise NotFound("This revision is not here.")
    return revision


def said_due(revision: Revision, zone: str) -> str:
    """When an answer is due, as its field holds it; empty where nobody said."""
    return revision.due_at.astimezone(ZoneInfo(zone)).strftime(_FIELD) if revision.due_at else ""


class RevisionView:
    """Makes the page of one revision."""

    def __init__(self, db: Session, revision: Revision, *, principal: Principal, at: datetime) -> None:
        self.db, self.revision, self.principal, self.at = db, revision, principal, at
        self.item: Item = get_item(db, get_content(db, revision.content_id).item_id)
        self.retailer: Retailer = get_retailer(db, revision.retailer_id)
        self.vendor = db.get_one(Vendor, revision.vendor_id)
        self.slots: dict[str, Slot] = read_slots(get_version(db, revision.template_version_id).sections)
        self.address = f"/desk/review/{revision.id}"

    def page(
        self,
        *,
        locale: str,
        scheme: str,
        answer: TypedAnswer | None = None,
        publish: TypedPublication | None = None,
        assign: TypedAssignment | None = None,
    ) -> RevisionPage:
        """:param locale: the language to look at; empty for all changes, with the phone in the first language."""
        answer, revision = answer or TypedAnswer(), self.revision
        locales = locales_of(self.retailer)
        locale = locale if locale in locales else ""
        scheme = scheme if scheme in SCHEMES else ""
        waits = revision.state == RevisionState.SUBMITTED
        can_publish = self.principal.role in PUBLISHERS
        following = find_next_waiting(self.db, revision)
        return RevisionPage(
            title=f"{self.item.title}, revision {revision.number}",
            crumbs=(("Review", "/desk/review"), (self.vendor.name, f"/desk/review?vendor={self.vendor.id}")),
            lede=self._lede(),
            state=str(revision.state),
            next_href=f"/desk/review/{following.id}" if following else "",
            heading=self._heading(),
            changes=self._rows(locale, answer, waits=waits),
            unchanged=self._unchanged(),
            warnings=self._other_warnings(),
            asks_codes=waits and bool(self._codes),
            others=self._others(answer) if waits else (),
            assign=self._assign_form(assign) if waits else None,
            languages=self._languages(locale, scheme),
            phone_views=tuple(
                (each.capitalize(), self._here(locale, each), each == (scheme or "light")) for each in SCHEMES
            ),
            before=self._phone_before(locale, scheme),
            after=self._phone("page", f"Revision {revision.number}", locale, scheme),
            problems=dict(answer.problems),
            whole_comment=answer.comments.get("", ""),
            whole_remarks=self._remarks.get("", ()),
            address=self.address if waits else "",
            digest=revision.digest or "",
            shown_digest=_grouped((revision.digest or "")[:_DIGEST_CHARS]),
            may_not_approve=self._may_not_approve(),
            own_say=self._own_say(),
            can_publish=can_publish,
            publish=self._publish_form(publish or TypedPublication())
            if can_publish and revision.state == RevisionState.APPROVED
            else None,
            publications_href=f"/desk/items/{self.item.id}/publications",
            take_down=offer_take_down(self.db, self.item, at=self.at),
        )

    # --- what it is --------------------------------------------------------------------------------

    @cached_property
    def _shown(self) -> Publication | None:
        return find_shown(self.db, self.item.id, at=self.at)

    @cached_property
    def _base(self) -> Revision | None:
        """What it is compared with: what shoppers see now."""
        shown = self._shown
        return get_revision(self.db, shown.revision_id) if shown is not None and shown.revision_id else None

    @cached_property
    def changes(self) -> list[SlotChange]:
        before = self._base.body if self._base else None
        return compare(self.slots, before, self.revision.body, locales_of(self.retailer))

    def _lede(self) -> str:
        revision, author = self.revision, self._name(self.revision.author_id, self.vendor.name)
        sent_at = revision.submitted_at or revision.saved_at
        sent = self._when(sent_at)
        if revision.state == RevisionState.SUBMITTED:
            again = "Sent again" if self._returned else "Sent"
            return f"{again} by {author} {sent}; waits {said_age(self.at - sent_at)}."
        approval = find_approval(self.db, revision.id)
        if approval is None:
            return f"Sent by {author} {sent}, and taken back by {self.vendor.name}."
        by = self._name(approval.reviewer_id, "") or _RULES.get(approval.rule, "rule")
        own = ", who had sent it" if approval.is_own else ""
        return f"{_ANSWERS[approval.verdict]} by {by}{own} {self._when(approval.at)}. Sent by {author} {sent}."

    def _heading(self) -> str:
        if self._base is not None and self._base.id == self.revision.id:
            return "Shoppers see this one"
        count = len({each.slot or each.label for each in self.changes})
        number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
        things = "slot" if count == 1 else "slots"
        return f"{number} {things} changed" if self._base else "A new page"

    def _unchanged(self) -> str:
        labels = [slot.label for slot in list_unchanged(self.slots, self.changes)]
        if not labels:
            return ""
        first, rest = labels[0], [f"{label[:1].lower()}{label[1:]}" for label in labels[1:]]
        verb = "is" if not rest else "are"
        listed = first if not rest else f"{', '.join([first, *rest[:-1]])} and {rest[-1]}"
        return f"{listed} {verb} {'unchanged' if self._base else 'empty'}."

    def _may_not_approve(self) -> str:
        if self._is_own and not self.retailer.allows_own_approval:
            return "You sent this page yourself, so somebody else has to approve it."
        return ""

    def _own_say(self) -> str:
        if self._is_own and self.retailer.allows_own_approval:
            return "You sent this page yourself. If you approve it, the log says so."
        return ""

    @property
    def _is_own(self) -> bool:
        return self.revision.author_id == self.principal.user_id

    def _assign_form(self, typed: TypedAssignment | None) -> AssignForm:
        due = said_due(self.revision, self.retailer.time_zone)
        typed = typed or TypedAssignment(self.revision.assignee_id or "", due)
        return AssignForm(
            address=f"{self.address}/assign",
            people=(("", "Nobody"), *list_reviewers(self.db, self.retailer.id)),
            assignee=typed.assignee,
            due=typed.due,
            zone=clock_of(self.retailer.time_zone),
            problems=dict(typed.problems),
        )

    def _name(self, user_id: str | None, otherwise: str) -> str:
        user = self.db.get(User, user_id) if user_id else None
        return user.name if user else otherwise

    def _when(self, at: datetime) -> str:
        return said_in_text(at, now=self.at, zone=self.retailer.time_zone)

    # --- changes -----------------------------------------------------------------------------------

    @cached_property
    def _returned(self) -> bool:
        return find_last_return(self.db, self.revision.content_id, before=self.revision.number) is not None

    @cached_property
    def _remarks(self) -> dict[str, tuple[Remark, ...]]:
        """What was said when this one, or the one before it, went back; by slot."""
        answer = find_approval(self.db, self.revision.id)
        answer = answer or find_last_return(self.db, self.revision.content_id, before=self.revision.number)
        if answer is None:
            return {}
        by = self._name(answer.reviewer_id, self.retailer.name)
        at = said_at(answer.at, now=self.at, zone=self.retailer.time_zone)
        found: dict[str, tuple[Remark, ...]] = {}
        for each in answer.comments:
            about = _pin(each["slot"], each.get("locale", ""))
            found[about] = (*found.get(about, ()), Remark(by, each["text"], at))
        return found

    def _rows(self, locale: str, answer: TypedAnswer, *, waits: bool) -> tuple[ChangeRow, ...]:
        pictures = pictures_of(self.db, [each for change in self.changes for each in (*change.before, *change.after)])
        rows: list[ChangeRow] = []
        seen: set[str] = set()
        for change in self.changes:
            if locale and change.locale not in ("", locale):
                continue
            pin = _pin(change.slot, change.locale)
            remarks = self._remarks.get(pin, ())
            # One that was typed on the slot in all languages stays that.
            about = change.slot if change.slot not in seen and answer.comments.get(change.slot) else pin
            if change.slot not in seen and pin != change.slot:
                remarks = (*self._remarks.get(change.slot, ()), *remarks)
            seen.add(change.slot)
            rows.append(
                ChangeRow(
                    slot=change.slot,
                    label=change.label,
                    language=language_name(change.locale, "en") if change.locale else "all languages",
                    locale=change.locale or locales_of(self.retailer)[0],
                    direction=direction(change.locale) if change.locale else "auto",
                    count=f"{change.count} of {change.max_count}" if change.max_count else "",
                    pieces=in_stretches(change.pieces),
                    pictures=_marks(change, pictures),
                    remarks=remarks if change.slot else (),
                    warnings=self._warnings(change),
                    field=f"comment.{about}" if change.slot and waits else "",
                    comment=answer.comments.get(about, ""),
                    problem=answer.problems.get(f"comment.{about}", ""),
                )
            )
        return tuple(rows)

    @cached_property
    def _codes(self) -> dict[str, str]:
        """Pictures that hold a code which leads away, by asset id, each with the end of a sentence."""
        return find_in_revision(self.db, self.revision)

    def _warnings(self, change: SlotChange) -> tuple[str, ...]:
        places = {each: number for number, each in enumerate(change.after, 1)}
        return tuple(f"Picture {places[each]} {said}" for each, said in self._codes.items() if each in places)

    def _other_warnings(self) -> tuple[str, ...]:
        """Of pictures that stay where they are."""
        told = {each for change in self.changes for each in change.after}
        found = []
        for name, value in slots_of(self.revision).items():
            slot = self.slots.get(name)
            if slot is not None and slot.is_assets:
                rest = [(each, number) for number, each in enumerate(value, 1) if each in self._codes]
                found += [f"{slot.label}: picture {at} {self._codes[each]}" for each, at in rest if each not in told]
                told.update(each for each, _ in rest)
        return (*found, *(f"A picture {said}" for each, said in self._codes.items() if each not in told))

    def _others(self, answer: TypedAnswer) -> tuple[tuple[str, str, str], ...]:
        return tuple(
            (slot.name, slot.label, answer.comments.get(slot.name, ""))
            for slot in list_unchanged(self.slots, self.changes)
        )

    def _languages(self, locale: str, scheme: str) -> tuple[tuple[str, str, bool], ...]:
        counts: dict[str, int] = {}
        for change in self.changes:
            counts[change.locale] = counts.get(change.locale, 0) + 1
        links = [("All", self._here("", scheme), not locale)]
        for each in locales_of(self.retailer):
            label = f"{language_name(each, 'en')} {counts.get(each, 0)}"
            links.append((label, self._here(each, scheme), each == locale))
        return tuple(links) if len(links) > 2 else ()

    def _here(self, locale: str, scheme: str) -> str:
        said = {name: value for name, value in (("locale", locale), ("scheme", scheme)) if value}
        return f"{self.address}?{urlencode(said)}" if said else self.address

    # --- phones and publication --------------------------------------------------------------------

    def _phone(self, part: str, caption: str, locale: str, scheme: str) -> Phone:
        query = urlencode({"locale": locale or locales_of(self.retailer)[0], "scheme": scheme or "light"})
        return Phone(caption, f"{self.address}/{part}?{query}", f"{self.item.title}: {caption}")

    def _phone_before(self, locale: str, scheme: str) -> Phone:
        caption = f"Live now, revision {self._base.number}" if self._base else "Live now, the plain page"
        return self._phone("live", caption, locale, scheme)

    def _publish_form(self, typed: TypedPublication) -> PublishForm:
        return PublishForm(
            address=f"{self.address}/publish",
            zone=clock_of(self.retailer.time_zone),
            from_at=typed.from_at,
            until_at=typed.until_at,
            where=typed.where,
            stores=tuple((store.id, store.short_name) for store in list_stores(self.db, self.retailer.id)),
            chosen=typed.stores,
            which=typed.which,
            languages=tuple((each, language_name(each, "en")) for each in locales_of(self.retailer)),
            chosen_languages=typed.locales,
            hours=typed.hours,
            problems=dict(typed.problems),
            now=self._now(),
            hidden=self._hidden(),
        )

    def _now(self) -> str:
        if self._base is None:
            return "Shoppers see the plain page."
        return f"Shoppers see revision {self._base.number}{'' if self._base.id != self.revision.id else ', this one'}."

    def _hidden(self) -> tuple[str, ...]:
        """What else is planned, and would not show any more under a page for all stores that has no end."""
        rows = list_publications(self.db, self.item.id)
        stores = list_stores(self.db, self.retailer.id)
        planned = [
            row
            for row in rows[: next((place for place, row in enumerate(rows) if not row.revision_id), len(rows))]
            if (row.weekly is not None or row.from_at > self.at) and (row.until_at is None or row.until_at > self.at)
        ]
        numbers = revisions_by_id(self.db, {str(row.revision_id) for row in planned})
        return tuple(
            f"Revision {numbers[str(row.revision_id)].number}: {say_scope(row, stores)}"
            + (f", from {self._when(row.from_at).removeprefix('on ')}" if row.from_at > self.at else "")
            for row in planned
        )


def _pin(slot: str, locale: str) -> str:
    """What a comment is about, as its field is called."""
    return f"{slot}@{locale}" if locale else slot


def _marks(change: SlotChange, pictures: Mapping[str, Picture]) -> tuple[PictureMark, ...]:
    gone = [each for each in change.before if each not in change.after]
    marks = [_mark(each, number, change.before, pictures) for number, each in enumerate(change.after, 1)]
    marks += [PictureMark(_image(each, pictures), change.before.index(each) + 1, "gone", "") for each in gone]
    return tuple(marks)


def _mark(asset_id: str, number: int, before: Sequence[str], pictures: Mapping[str, Picture]) -> PictureMark:
    return PictureMark(_image(asset_id, pictures), number, "same" if asset_id in before else "new", "")


def _image(asset_id: str, pictures: Mapping[str, Picture]) -> str:
    return pictures[asset_id].card_url if asset_id in pictures else ""


def _grouped(text: str) -> str:
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))
