"""What a newer version of a template means for each page written in an older one.

A page moves by itself only where its approved values stand in the newer version exactly as they are: nothing is cut,
nothing is set in another way, and nothing that was for staff reaches a shopper. Nothing is written here.
"""

import enum
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.content.drafts import load_bounds
from qrmerch.content.models import (
    Approval,
    Content,
    PageTemplate,
    Publication,
    Revision,
    RevisionState,
    TemplateVersion,
    Verdict,
)
from qrmerch.content.queries import sections_by_version, slots_of
from qrmerch.content.revisions import digest_of
from qrmerch.content.slots import (
    WORD_KINDS,
    Bounds,
    Kind,
    Slot,
    asset_ids_in,
    clean_value,
    is_empty,
    list_missing,
    read_slots,
)
from qrmerch.media.models import Asset
from qrmerch.media.playing import recordings_of
from qrmerch.text import rich_text

_AT_A_TIME: Final = 200


class Outcome(enum.StrEnum):
    """Whether a page can go to a newer version."""

    AUTO = "auto"
    NEEDS_WORK = "needs_work"
    BROKEN = "broken"


_WORST: Final = {Outcome.AUTO: 0, Outcome.NEEDS_WORK: 1, Outcome.BROKEN: 2}


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one content: moves by itself, needs work, or cannot move; and why, in sentences."""

    content_id: str
    item_id: str
    title: str
    outcome: Outcome
    reasons: tuple[str, ...]
    # Approved revisions that show, will show or may be published, oldest first; empty where there is only a draft.
    revision_ids: tuple[str, ...] = ()
    # A draft whose values all have a place in the newer version.
    draft_id: str | None = None


class Layout:
    """The sections of one version, read once."""

    def __init__(self, sections: Sequence[Mapping[str, Any]]) -> None:
        """:param sections: as `TemplateVersion.sections`."""
        self.slots: dict[str, Slot] = read_slots(sections)
        self._kinds = {
            f"{section['key']}.{slot['key']}": str(section["kind"])
            for section in sections
            for slot in section.get("slots", ())
        }

        self._titles = {str(each["key"]): each.get("title", each.get("label", "")) for each in sections}

    def title(self, name: str) -> Any:
        """What stands above a slot's section, by locale or as it is in English."""
        return self._titles.get(name.partition(".")[0], "")

    def section_kind(self, name: str) -> str:
        """The kind of the section a slot stands in; empty where there is no such slot."""
        return self._kinds.get(name, "")


@dataclass(slots=True)
class Judged:
    """What one set of values meets in a newer version: the worst of it, why, and the values that go along."""

    outcome: Outcome = Outcome.AUTO
    reasons: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    # Names of slots whose values have no place there.
    homeless: list[str] = field(default_factory=list)

    def say(self, outcome: Outcome, reason: str) -> None:
        self.outcome = max(self.outcome, outcome, key=_WORST.__getitem__)
        self.reasons.append(reason)


def classify(db: Session, template: PageTemplate, sections: Sequence[Mapping[str, Any]], *, at: datetime) -> list[Fate]:
    """What a version with these sections would mean for each page written in the template: the worst first.

    A content of which nothing but answered revisions is left has nothing to move and is not listed.
    """
    return _judge_all(db, template, Layout(sections), None, at)


def list_fates(db: Session, template: PageTemplate, version: TemplateVersion, *, at: datetime) -> list[Fate]:
    """`classify` for a version that is released: what is in it already is not listed."""
    return _judge_all(db, template, Layout(version.sections), version.id, at)


def _judge_all(db: Session, template: PageTemplate, after: Layout, version_id: str | None, at: datetime) -> list[Fate]:
    found: list[Fate] = []
    ids = list(db.scalars(select(Content.id).where(Content.template_id == template.id).order_by(Content.id)))
    for part in _parts(ids):
        found += judge_contents(db, part, after, version_id=version_id, at=at)
    return sorted(found, key=lambda fate: (-_WORST[fate.outcome], fate.title, fate.content_id))


def judge_contents(
    db: Session, content_ids: Sequence[str], after: Layout, *, version_id: str | None, at: datetime
) -> list[Fate]:
    """`classify` for some contents of one template, in the order of their ids.

    :param version_id: the version that `after` is; what is in it already is not listed. None for one not released.
    """
    batch = _Batch(db, content_ids, version_id, at)
    return [fate for content, item in batch.contents if (fate := batch.judge(content, item, after)) is not None]


def judge(before: Layout, after: Layout, values: Mapping[str, Any], bounds: Bounds, *, is_sent: bool = True) -> Judged:
    """What values written in one version meet in another.

    :param is_sent: they were approved, so that what is missing matters.
    """
    found = Judged()
    for name, value in values.items():
        if not is_empty(value):
            _judge_value(found, name, value, before, after, bounds)
    if is_sent:
        # What is missing in the older version too was let through as it is.
        known = list_missing(before.slots, values, bounds)
        for name, reason in list_missing(after.slots, found.values, bounds).items():
            if known.get(name) != reason:
                found.say(Outcome.NEEDS_WORK, reason)
    found.reasons = list(dict.fromkeys(found.reasons))
    return found


def judge_draft(db: Session, draft: Revision, after: Layout) -> Judged:
    """What a draft's values meet in another version of its template."""
    before = layout_of(db, draft.template_version_id)
    bounds = load_bounds(db, draft, slots_of(draft), before.slots)
    return judge(before, after, slots_of(draft), bounds, is_sent=False)


def _judge_value(found: Judged, name: str, value: Any, before: Layout, after: Layout, bounds: Bounds) -> None:
    was, slot = before.slots.get(name), after.slots.get(name)
    label = slot.label if slot else was.label if was else name
    if slot is None:
        found.homeless.append(name)
        return found.say(Outcome.BROKEN, f"{label} is gone, and this page uses it.")
    if slot.is_fixed:
        return found.say(Outcome.AUTO, f"{label} is yours now; what the vendor wrote there no longer shows.")
    if was is not None and not _has_place(was, slot, before, after):
        found.homeless.append(name)
        return found.say(Outcome.BROKEN, f"{label} holds something else now.")
    if was is not None and was.is_choice != slot.is_choice:
        # The name of an option is no text, and a text is no option.
        found.homeless.append(name)
        who = (
            "has to be chosen from your list now" if slot.is_choice else "was chosen from your list and is written now"
        )
        return found.say(Outcome.NEEDS_WORK, f"{label} {who}.")
    found.values[name] = value
    if was is not None and was.is_for_staff and not slot.is_for_staff:
        return found.say(Outcome.NEEDS_WORK, f"{label} was written for staff and would be seen by shoppers.")
    if was is not None and was.kind != slot.kind and not _reads_the_same(value, was.kind, slot.kind):
        return found.say(Outcome.NEEDS_WORK, f"{label} is set differently now, and its words would look different.")
    try:
        spoken = _in_languages(slot, value, bounds.locales)
        if clean_value(slot, spoken, bounds) != spoken:
            found.say(Outcome.NEEDS_WORK, f"{label} would not stay as it was approved.")
    except ValueError as error:
        return found.say(Outcome.NEEDS_WORK, f"{label}: {error}")
    if was is not None and (change := _option_change(was, slot, value)):
        found.say(Outcome.AUTO, change)
    if before.title(name) != after.title(name) and after.title(name):
        found.say(Outcome.AUTO, f"{slot.section} stands under another title.")
    return None


def _has_place(was: Slot, slot: Slot, before: Layout, after: Layout) -> bool:
    is_alike = was.kind == slot.kind or (was.kind in WORD_KINDS and slot.kind in WORD_KINDS)
    return is_alike and before.section_kind(was.name) == after.section_kind(slot.name)


def _reads_the_same(value: Any, was: Kind, now: Kind) -> bool:
    """Whether words of one kind look the same as words of another."""
    if Kind.RICH_TEXT not in (was, now):
        return True
    return isinstance(value, Mapping) and all(_is_without_marks(str(words)) for words in value.values())


def _is_without_marks(words: str) -> bool:
    parts = [each for each in words.split("\n\n") if each.strip()]
    expected = "".join(str(Markup("<p>{}</p>").format(each)) for each in parts)
    return "".join(str(rich_text(words)).split("\n")) == expected


def _in_languages(slot: Slot, value: Any, locales: Sequence[str]) -> Any:
    """A value without its words in languages that the retailer has given up."""

    def spoken(words: Any) -> Any:
        return {each: words[each] for each in words if each in locales} if isinstance(words, Mapping) else words

    if slot.is_by_locale:
        return spoken(value)
    if slot.is_rows and isinstance(value, list):
        return [{part: spoken(words) for part, words in row.items()} for row in value]
    if slot.kind == Kind.LINK and isinstance(value, Mapping):
        return {part: spoken(words) for part, words in value.items()}
    return value


def _option_change(was: Slot, slot: Slot, value: Any) -> str:
    """What is said where the words of the chosen option are other ones now."""
    if not isinstance(value, str):
        return ""
    old = next((option for option in was.options if option.value == value), None)
    new = next((option for option in slot.options if option.value == value), None)
    if old is None or new is None or (dict(old.label), old.content) == (dict(new.label), new.content):
        return ""
    return f"{slot.label} reads “{new.words}” where it read “{old.words}”."


def show_again(publications: Sequence[Publication], *, at: datetime) -> list[Publication]:
    """Of an item's publications, newest first, those that can hold at some instant from now on.

    Left out is what is over, and what a single newer one covers wherever and whenever it could hold.
    """
    found: list[Publication] = []
    for row in publications:
        is_over = row.until_at is not None and row.until_at <= at
        if not is_over and not any(_hides(newer, row, at) for newer in found):
            found.append(row)
    return found


def _hides(newer: Publication, row: Publication, at: datetime) -> bool:
    has_places = newer.store_ids is None or (row.store_ids is not None and set(row.store_ids) <= set(newer.store_ids))
    has_languages = newer.locales is None or (row.locales is not None and set(row.locales) <= set(newer.locales))
    has_hours = newer.weekly is None or newer.weekly == row.weekly
    begins = newer.from_at <= max(row.from_at, at)
    ends = newer.until_at is None or (row.until_at is not None and row.until_at <= newer.until_at)
    return has_places and has_languages and has_hours and begins and ends


class _Batch:
    """Some contents, with all that judging them needs, read in a fixed number of statements."""

    def __init__(self, db: Session, content_ids: Sequence[str], version_id: str | None, at: datetime) -> None:
        self.db, self.version_id, self.at = db, version_id, at
        wanted = select(Content, Item).join(Item, Item.id == Content.item_id).where(Content.id.in_(content_ids))
        self.contents = [(content, item) for content, item in db.execute(wanted.order_by(Content.id))]
        self.revisions = self._load_revisions(content_ids)
        self.approvals = self._load_approvals()
        several = [each for of_one in self.revisions.values() for each in of_one]
        sections = sections_by_version(db, {each.template_version_id for each in several})
        self.layouts = {key: Layout(each) for key, each in sections.items()}
        self._bounds: dict[str, Bounds] = {}
        self._assets = self._load_assets(several)
        self._recordings = recordings_of(db, [each.id for each in self._assets.values() if each.kind.is_recording])

    def judge(self, content: Content, item: Item, after: Layout) -> Fate | None:
        revisions = self.revisions.get(content.id, [])
        approved = [each for each in revisions if each.state == RevisionState.APPROVED and self._is_older(each)]
        others = [each for each in revisions if each.state != RevisionState.APPROVED and self._is_older(each)]
        has_draft = any(each.state == RevisionState.DRAFT for each in others)
        is_there = any(each.state == RevisionState.APPROVED for each in revisions)
        # Of a page that is there already, a revision that waits is answered as it is.
        if not approved and not has_draft and (is_there or not others):
            return None
        whole, draft_id = Judged(), None
        for each in approved:
            self._judge_approved(whole, each, after)
        for each in others:
            if each.state == RevisionState.SUBMITTED:
                reason = "A revision waits for an answer in the version it was sent in."
                whole.say(Outcome.AUTO if approved else Outcome.NEEDS_WORK, reason)
            elif self._fits(whole, each, after, is_alone=not approved):
                draft_id = each.id
        reasons = tuple(dict.fromkeys(whole.reasons))
        moved = tuple(each.id for each in approved)
        return Fate(content.id, item.id, item.title, whole.outcome, reasons, moved, draft_id)

    def bounds_of(self, revision: Revision) -> Bounds:
        """What a revision's values are checked against; whether rights have run out is not asked."""
        if revision.vendor_id not in self._bounds:
            self._bounds[revision.vendor_id] = load_bounds(self.db, revision, {}, {})
        assets = {key: each for key, each in self._assets.items() if each.vendor_id == revision.vendor_id}
        return replace(self._bounds[revision.vendor_id], assets=assets, recordings=self._recordings)

    def _is_older(self, revision: Revision) -> bool:
        return revision.template_version_id != self.version_id

    def _judge_approved(self, whole: Judged, revision: Revision, after: Layout) -> None:
        if not is_let_through(revision, self.approvals.get(revision.id)):
            whole.say(Outcome.BROKEN, "What stands there is not what was approved. Send it through review again.")
            return
        before = self.layouts[revision.template_version_id]
        judged = judge(before, after, slots_of(revision), self.bounds_of(revision))
        whole.outcome = max(whole.outcome, judged.outcome, key=_WORST.__getitem__)
        whole.reasons += judged.reasons

    def _fits(self, whole: Judged, draft: Revision, after: Layout, *, is_alone: bool) -> bool:
        before = self.layouts[draft.template_version_id]
        judged = judge(before, after, slots_of(draft), self.bounds_of(draft), is_sent=False)
        if judged.outcome == Outcome.AUTO:
            return True
        if is_alone:
            whole.outcome = max(whole.outcome, judged.outcome, key=_WORST.__getitem__)
        whole.reasons += [f"Draft: {reason}" for reason in judged.reasons]
        return False

    def _load_revisions(self, content_ids: Collection[str]) -> dict[str, list[Revision]]:
        """The revisions that matter, oldest first: open ones, those that can show, and the newest to be published."""
        items = {content.item_id for content, _ in self.contents}
        publications: dict[str, list[Publication]] = defaultdict(list)
        rows = select(Publication).where(Publication.item_id.in_(items))
        for row in self.db.scalars(rows.order_by(Publication.created_at.desc(), Publication.id.desc())):
            publications[row.item_id].append(row)
        wanted = {row.revision_id for each in publications.values() for row in show_again(each, at=self.at)}
        published = {row.revision_id for each in publications.values() for row in each}
        states = (RevisionState.DRAFT, RevisionState.SUBMITTED, RevisionState.APPROVED)
        known = select(Revision.content_id, Revision.id, Revision.state).where(
            Revision.content_id.in_(content_ids), Revision.state.in_(states)
        )
        newest: dict[str, str] = {}
        for content_id, revision_id, state in self.db.execute(known.order_by(Revision.number)):
            if state == RevisionState.APPROVED:
                newest[content_id] = revision_id
            else:
                wanted.add(revision_id)
        wanted |= {each for each in newest.values() if each not in published}
        found: dict[str, list[Revision]] = defaultdict(list)
        bodies = select(Revision).where(Revision.id.in_([each for each in wanted if each]))
        for revision in self.db.scalars(bodies.where(Revision.content_id.in_(content_ids)).order_by(Revision.number)):
            found[revision.content_id].append(revision)
        return found

    def _load_approvals(self) -> dict[str, Approval]:
        ids = [each.id for of_one in self.revisions.values() for each in of_one]
        return {row.revision_id: row for row in self.db.scalars(select(Approval).where(Approval.revision_id.in_(ids)))}

    def _load_assets(self, revisions: Sequence[Revision]) -> dict[str, Asset]:
        ids = {
            asset_id
            for each in revisions
            for asset_id in asset_ids_in(self.layouts[each.template_version_id].slots, slots_of(each))
        }
        found: dict[str, Asset] = {}
        for part in _parts(sorted(ids)):
            found.update({each.id: each for each in self.db.scalars(select(Asset).where(Asset.id.in_(part)))})
        return found


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _AT_A_TIME):
        yield ids[start : start + _AT_A_TIME]


def is_let_through(revision: Revision, approval: Approval | None) -> bool:
    """Whether a revision's answer let through exactly what it holds."""
    return (
        revision.state == RevisionState.APPROVED
        and approval is not None
        and approval.verdict == Verdict.APPROVED
        and approval.digest == revision.digest == digest_of(revision.body)
    )


def layout_of(db: Session, version_id: str) -> Layout:
    """The sections of a version, read."""
    return Layout(db.get_one(TemplateVersion, version_id).sections)
