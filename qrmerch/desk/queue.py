"""The reviewer's queue: what waits, filtered and in order; small changes approved together; who answers; how long."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from qrmerch.access import PUBLISHERS, REVIEWERS, Principal, allow, current_principal
from qrmerch.clock import now
from qrmerch.content import reviewing
from qrmerch.content.comparing import Size, SlotChange, compare, size_of
from qrmerch.content.holding import find_shown_of
from qrmerch.content.models import Revision
from qrmerch.content.picture_codes import find_in_revisions
from qrmerch.content.queries import (
    Asked,
    Waiting,
    count_late,
    get_revision,
    list_waiting,
    revisions_by_id,
    sections_by_version,
    slots_of,
    titles_of,
)
from qrmerch.content.reviewing import Seen, approve_small, list_reviewers
from qrmerch.content.slots import Slot, asset_ids_in, read_slots
from qrmerch.desk.paging import here, page_number, paging
from qrmerch.desk.review_pages import ChangedWords, QueuePage, QueueRow
from qrmerch.desk.times import said_age, said_at
from qrmerch.desk.waits import answer_waits
from qrmerch.errors import DomainError, FormError, NotFound
from qrmerch.i18n import direction, language_name
from qrmerch.media.queries import pictures_of
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import get_retailer, list_vendors
from qrmerch.web import get_db, notice, redirect_to, render, services

blueprint = Blueprint("desk_queue", __name__)

_PER_PAGE: Final = 25
_NAMED_CHANGES: Final = 4
# What is looked through for small ones and for a language, oldest first.
_LOOKED_THROUGH: Final = 1_000
_CHANGES: Final = (("", "Any"), ("small", "Small"), ("new", "New page"), ("again", "Sent again"))
_DUE: Final = (("", "Any time"), ("late", "Late"))


@dataclass(frozen=True, slots=True)
class _Filter:
    """What was asked for in the address; empty where nothing was."""

    vendor_id: str
    change: str
    locale: str
    assignee: str
    due: str
    order: str

    @property
    def is_set(self) -> bool:
        return bool(self.vendor_id or self.change or self.locale or self.assignee or self.due)

    @property
    def compares(self) -> bool:
        """Whether it asks for what only comparing tells."""
        return self.change in ("small", "new") or bool(self.locale)

    def asked(self, principal: Principal) -> Asked:
        return Asked(
            vendor_id=self.vendor_id,
            assignee=principal.user_id if self.assignee == "me" else self.assignee,
            is_late=self.due == "late",
            is_again=self.change == "again",
            by_due=self.order == "due",
        )


@dataclass(frozen=True, slots=True)
class _Line:
    """A revision that waits, with what it changes."""

    waiting: Waiting
    changes: list[SlotChange]
    size: Size
    is_new: bool
    # Whether a picture of it holds a code that leads away: then it is opened, however little it changes.
    has_codes: bool

    @property
    def is_small(self) -> bool:
        return self.size.is_small and not self.has_codes


@blueprint.get("/desk/review")
@allow(*REVIEWERS)
def show_queue() -> Response:
    """What waits for an answer; filters, `order` (age or due) and `page` are part of the address."""
    db, principal, at = get_db(), current_principal(), now()
    retailer = get_retailer(db, principal.retailer_id)
    wanted, number = _read_filter(), page_number()
    lines, total = _load(db, retailer, wanted, principal, at=at, page=number)
    reviewers = list_reviewers(db, retailer.id)
    page = QueuePage(
        lede=_lede(db, retailer, total, lines, at, wanted),
        rows=tuple(_rows(db, lines, retailer, dict(reviewers), at)),
        paging=paging("revision", shown=len(lines), total=total, number=number, per_page=_PER_PAGE),
        vendors=(("", "All"), *((each.vendor.id, each.vendor.name) for each in list_vendors(db, retailer.id))),
        vendor_id=wanted.vendor_id,
        kinds=_CHANGES,
        change=wanted.change,
        languages=(("", "Any"), *((each, language_name(each, "en")) for each in locales_of(retailer))),
        locale=wanted.locale,
        people=(
            ("", "Anybody"),
            ("me", "Me"),
            ("nobody", "Nobody"),
            *(each for each in reviewers if each[0] != principal.user_id),
        ),
        assignee=wanted.assignee,
        dues=_DUE,
        due=wanted.due,
        order=wanted.order,
        age_href=here(order=""),
        due_href=here(order="due"),
        is_filtered=wanted.is_set,
        address=here(),
        can_publish=principal.role in PUBLISHERS,
        waits=answer_waits(db, retailer, at=at),
    )
    return render("desk/review.html", page)


@blueprint.post("/desk/review")
@allow(*REVIEWERS)
def answer_several() -> Response:
    """Do with the chosen what the button says: approve small changes, with `publish` show them too; or take them."""
    db, principal, at = get_db(), current_principal(), now()
    seen = [_read_seen(each) for each in request.form.getlist("pick")]
    do = request.form.get("do", "")
    if do not in ("approve", "publish", "take") or (do == "publish" and principal.role not in PUBLISHERS):
        raise NotFound()
    if not seen:
        notice("Choose at least one first.", "careful")
        return redirect_to(here())
    if do == "take":
        said, kind = _take(db, seen, principal, at)
    else:
        said, kind = _approve(db, seen, principal, at, follows=do == "publish")
    db.commit()
    notice(said, kind)
    return redirect_to(here())


def _read_seen(text: str) -> Seen:
    revision_id, _, digest = text.partition(":")
    return Seen(revision_id, digest)


def _approve(
    db: Session, seen: Sequence[Seen], principal: Principal, at: datetime, *, follows: bool
) -> tuple[str, str]:
    """What became of them, as a sentence and its kind."""
    try:
        follows_links = services().settings.follows_links
        answered = approve_small(db, seen, reviewer=principal, at=at, follows=follows, follows_links=follows_links)
    except FormError as error:
        return error.problems.get("", ""), "careful"
    done = len(answered.approved)
    said = f"{done:,} approved" if done else "None approved"
    said += ", and live where their pages were." if follows and done else "."
    if not answered.left:
        return said, "good"
    titles = titles_of(db, list(answered.left))
    named = [f"{titles.get(each, 'One')}: {why}" for each, why in list(answered.left.items())[:_NAMED_CHANGES]]
    more = f" And {len(answered.left) - len(named):,} more." if len(answered.left) > len(named) else ""
    return f"{said} Left as they are: {' '.join(named)}{more}", "careful"


def _take(db: Session, seen: Sequence[Seen], principal: Principal, at: datetime) -> tuple[str, str]:
    taken = 0
    for each in seen[: reviewing.MAX_AT_ONCE]:
        revision = get_revision(db, each.revision_id)
        try:
            reviewing.assign(
                db, revision, assignee_id=principal.user_id, due_at=revision.due_at, actor=principal, at=at
            )
        except DomainError:
            continue
        taken += 1
    left = len(seen) - taken
    said = f"You answer {'this one' if taken == 1 else f'these {taken:,}'}." if taken else "Nothing was taken."
    return (f"{said} {left:,} had been answered." if left else said), "careful" if left else "good"


# --- what is shown ---------------------------------------------------------------------------------


def _read_filter() -> _Filter:
    said = {name: request.args.get(name, "")[:40] for name in ("vendor", "change", "language", "with", "due", "order")}
    return _Filter(
        vendor_id=said["vendor"],
        change=said["change"] if said["change"] in dict(_CHANGES) else "",
        locale=said["language"],
        assignee=said["with"],
        due=said["due"] if said["due"] in dict(_DUE) else "",
        order="due" if said["order"] == "due" else "",
    )


def _load(
    db: Session, retailer: Retailer, wanted: _Filter, principal: Principal, *, at: datetime, page: int
) -> tuple[list[_Line], int]:
    """One page of what was asked for, and how many there are in all pages."""
    asked = wanted.asked(principal)
    if not wanted.compares:
        waiting, total = list_waiting(db, retailer.id, asked, at=at, page=page, per_page=_PER_PAGE)
        return _compared(db, waiting, retailer, at), total
    waiting, _ = list_waiting(db, retailer.id, asked, at=at, per_page=_LOOKED_THROUGH)
    fitting = [each for each in _compared(db, waiting, retailer, at) if _fits(each, wanted)]
    return fitting[(page - 1) * _PER_PAGE : page * _PER_PAGE], len(fitting)


def _fits(line: _Line, wanted: _Filter) -> bool:
    if wanted.change == "small" and not line.is_small:
        return False
    if wanted.change == "new" and not line.is_new:
        return False
    return not wanted.locale or wanted.locale in line.size.locales


def _compared(db: Session, waiting: list[Waiting], retailer: Retailer, at: datetime) -> list[_Line]:
    """What each changes; the number of statements does not grow with theirs."""
    shown = find_shown_of(db, [each.item.id for each in waiting], at=at)
    bases = revisions_by_id(db, {each.revision_id for each in shown.values() if each.revision_id})
    slots = _slots_of(db, waiting)
    with_codes = find_in_revisions(db, [each.revision for each in waiting])
    lines = []
    for each in waiting:
        publication = shown.get(each.item.id)
        base: Revision | None = bases.get(publication.revision_id or "") if publication else None
        own = slots[each.revision.template_version_id]
        changes = compare(own, base.body if base else None, each.revision.body, locales_of(retailer))
        is_same_version = base is not None and base.template_version_id == each.revision.template_version_id
        size = size_of(own, changes, is_comparable=is_same_version)
        lines.append(_Line(each, changes, size, base is None, each.revision.id in with_codes))
    return lines


def _slots_of(db: Session, waiting: list[Waiting]) -> dict[str, dict[str, Slot]]:
    sections = sections_by_version(db, {each.revision.template_version_id for each in waiting})
    return {version_id: read_slots(each) for version_id, each in sections.items()}


def _rows(
    db: Session, lines: list[_Line], retailer: Retailer, names: dict[str, str], at: datetime
) -> Iterator[QueueRow]:
    images = _first_images(db, [each.waiting for each in lines])
    for line in lines:
        revision = line.waiting.revision
        sent_at = revision.submitted_at or revision.saved_at
        count = len(line.size.slots)
        yield QueueRow(
            id=revision.id,
            pick=f"{revision.id}:{revision.digest}",
            href=f"/desk/review/{revision.id}",
            title=line.waiting.item.title,
            vendor=line.waiting.vendor.name,
            image=images.get(revision.id, ""),
            changed=_name_changes(line.changes, is_new=line.is_new),
            words=_words(line) if line.is_small else (),
            size="New" if line.is_new else f"{count} slot" if count == 1 else f"{count} slots",
            age=said_age(at - sent_at),
            sent=said_at(sent_at, now=at, zone=retailer.time_zone),
            due=_say_due(revision.due_at, at, retailer.time_zone),
            is_late=revision.due_at is not None and revision.due_at <= at,
            assignee=names.get(revision.assignee_id or "", ""),
            state=("submitted", _state(line)),
        )


def _state(line: _Line) -> str:
    if line.has_codes:
        return "Code in a picture"
    if line.waiting.is_again:
        return "Sent again"
    return "Small" if line.is_small else "Waiting"


def _words(line: _Line) -> tuple[ChangedWords, ...]:
    return tuple(
        ChangedWords(each.label, each.locale, direction(each.locale) if each.locale else "auto", each.pieces)
        for each in line.changes
    )


def _say_due(due_at: datetime | None, at: datetime, zone: str) -> str:
    if due_at is None:
        return ""
    if due_at <= at:
        return f"{said_age(max(at - due_at, timedelta(minutes=1)))} late"
    tomorrow = said_at(due_at - timedelta(days=1), now=at, zone=zone)
    return tomorrow.replace("Today", "Tomorrow") if tomorrow.startswith("Today") else said_at(due_at, now=at, zone=zone)


def _name_changes(changes: list[SlotChange], *, is_new: bool) -> str:
    languages = [language_name(each, "en") for each in dict.fromkeys(change.locale for change in changes) if each]
    labels = list(dict.fromkeys(change.label for change in changes))
    if is_new:
        return f"New page in {' and '.join(languages)}" if languages else "New page"
    if not labels:
        return "Nothing against what is live"
    named = [labels[0], *(f"{label[:1].lower()}{label[1:]}" for label in labels[1:_NAMED_CHANGES])]
    more = f" and {len(labels) - _NAMED_CHANGES} more" if len(labels) > _NAMED_CHANGES else ""
    other = f"; {', '.join(languages[1:])}" if len(languages) > 1 else ""
    return f"{', '.join(named)}{more}{other}"


def _first_images(db: Session, waiting: list[Waiting]) -> dict[str, str]:
    """The address of the first picture of each revision, by its id."""
    slots, firsts = _slots_of(db, waiting), {}
    for each in waiting:
        ids = asset_ids_in(slots[each.revision.template_version_id], slots_of(each.revision))
        if ids:
            firsts[each.revision.id] = ids[0]
    pictures = pictures_of(db, list(firsts.values()))
    return {revision_id: pictures[each].card_url for revision_id, each in firsts.items() if each in pictures}


def _lede(db: Session, retailer: Retailer, total: int, lines: list[_Line], at: datetime, wanted: _Filter) -> str:
    if not total:
        return "Nothing that waits is like that." if wanted.is_set else "Nothing waits."
    said = f"{total:,} {'revision waits' if total == 1 else 'revisions wait'}"
    ages = [each.waiting.revision.submitted_at for each in lines if each.waiting.revision.submitted_at]
    if ages and not wanted.order:
        said += f", the oldest for {said_age(at - min(ages))}"
    late = count_late(db, retailer.id, at=at) if not wanted.is_set else 0
    return f"{said}. {late:,} {'is' if late == 1 else 'are'} late." if late else f"{said}."
