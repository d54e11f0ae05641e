"""The pages of the template builder, made from the sections that are being built."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from qrmerch.content.building import find_draft, slot_kinds
from qrmerch.content.library import LIBRARY, LIMITS, STAFF_KINDS
from qrmerch.content.models import PageTemplate
from qrmerch.content.queries import count_pages, get_newest_version
from qrmerch.content.slots import ASSET_KINDS, WORD_KINDS, Kind, Lock
from qrmerch.content.upgrading import Fate, Outcome, classify
from qrmerch.desk.previews import SCHEMES
from qrmerch.desk.review_pages import Phone
from qrmerch.desk.template_forms import write_options
from qrmerch.desk.template_pages import (
    BuilderPage,
    FateLine,
    NumberField,
    OpenSection,
    SectionRow,
    SlotForm,
    WordField,
)
from qrmerch.desk.template_samples import Samples
from qrmerch.desk.times import said_in_text
from qrmerch.i18n import direction, language_name
from qrmerch.parties.languages import locales_of
from qrmerch.parties.models import Retailer
from qrmerch.parties.queries import get_retailer

# A template with more pages is counted on the page of its own.
COUNTED_PAGES: Final = 300
SAMPLE: Final = "sample"
_KIND_NAMES: Final = {
    Kind.LINE: "One line",
    Kind.TEXT: "Plain text",
    Kind.RICH_TEXT: "Rich text",
    Kind.PICTURES: "Pictures",
    Kind.VIDEO: "A film",
    Kind.AUDIO: "A sound",
    Kind.FACTS: "Facts in rows",
    Kind.TABLE: "A table",
    Kind.FILES: "Files to open",
    Kind.LINK: "A link",
    Kind.CHOICE: "One of a list",
}
_LIMIT_NAMES: Final = {
    "min_chars": "Least characters",
    "max_chars": "Most characters",
    "min_count": "Least pictures",
    "max_count": "At most",
    "min_rows": "Least rows",
    "min_width": "Least width, px",
    "min_height": "Least height, px",
    "max_seconds": "Most seconds",
}
_LOCK_NAMES: Final = {
    Lock.EDIT: "Vendor writes",
    Lock.CHOOSE: "Vendor chooses",
    Lock.FIXED: "Fixed by you",
}
_AUDIENCES: Final = (("shopper", "Shoppers"), ("staff", "Associates only"))
_MISSING: Final = (
    ("fallback", "Show the next language, marked"),
    ("hidden", "Show nothing"),
    ("required", "Do not publish in it"),
)
_OUTCOMES: Final = {
    Outcome.AUTO: ("pass", "Moves by itself"),
    Outcome.NEEDS_WORK: ("careful", "Needs work"),
    Outcome.BROKEN: ("wrong", "Cannot move"),
}
_REASONS: Final = 4


class BuilderView:
    """Makes the builder's page of one template."""

    def __init__(self, db: Session, template: PageTemplate, query: Mapping[str, str], *, at: datetime) -> None:
        """:param query: what the address asks for: section, item, locale and scheme."""
        self.db, self.template, self.query, self.at = db, template, query, at
        self.retailer: Retailer = get_retailer(db, template.retailer_id)
        self.codes = locales_of(self.retailer)
        self.address = f"/desk/templates/{template.id}"

    def page(
        self,
        sections: Sequence[Mapping[str, Any]],
        edit: int,
        *,
        samples: Samples,
        find: str,
        problems: Mapping[str, str],
    ) -> BuilderPage:
        """:param find: what was looked for among the items to show."""
        items = samples.items
        self.problems, self.items = problems, items
        draft, version = find_draft(self.db, self.template.id), get_newest_version(self.db, self.template.id)
        pages = count_pages(self.db, [self.template.id]).get(self.template.id, 0)
        section = self._asked_section(sections)
        is_counted = bool(pages) and pages <= COUNTED_PAGES and draft is not None
        # What was typed and cannot be kept is no version that pages could be judged by.
        judged = draft.sections if draft is not None and problems else sections
        return BuilderPage(
            title=self.template.name,
            lede=_lede(version.number, pages, is_draft=draft is not None),
            address=self.address,
            edit=edit,
            number=version.number + 1,
            is_draft=draft is not None,
            saved=f"Saved {said_in_text(draft.saved_at, now=self.at, zone=self.retailer.time_zone)}" if draft else "",
            rows=self._rows(sections, section),
            add=_addable(sections),
            section=self._open(section) if section is not None else None,
            locale_codes=self.codes,
            problems=dict(problems),
            fates=fate_lines(classify(self.db, self.template, judged, at=self.at)) if is_counted else (),
            pages=pages,
            is_counted=is_counted,
            phone=self._phone(),
            items=(*items, (SAMPLE, "Sample content")) if items else (),
            find=find,
            has_more=samples.has_more,
            item_id=self._asked("item", [*(key for key, _ in items), SAMPLE]),
            locales=self._links("locale", self.codes, [language_name(each, "en") for each in self.codes]),
            schemes=self._links("scheme", SCHEMES, [each.capitalize() for each in SCHEMES]),
            scheme=self._asked("scheme", SCHEMES),
            locale=self._asked("locale", self.codes),
        )

    def query_with(self, **more: str) -> str:
        """What the present address asks for, with something else."""
        kept = {name: self.query.get(name, "") for name in ("section", "item", "locale", "scheme")}
        return urlencode({name: value for name, value in {**kept, **more}.items() if value})

    def _asked(self, name: str, offered: Sequence[str]) -> str:
        wanted = self.query.get(name, "")
        return wanted if wanted in offered else next(iter(offered), "")

    def _asked_section(self, sections: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """The section asked for; else the one the first problem is in, else the first with a slot."""
        wanted = self.query.get("section", "")
        blamed = next((name.partition(".")[0] for name in self.problems if "." in name), "")
        filled = next((each["key"] for each in sections if each["slots"]), "")
        for key in (wanted, blamed, filled):
            found = next((each for each in sections if each["key"] == key), None)
            if found is not None:
                return found
        return next(iter(sections), None)

    def _links(self, name: str, values: Sequence[str], labels: Sequence[str]) -> tuple[tuple[str, str, bool], ...]:
        present = self._asked(name, values)
        return tuple(
            (label, f"{self.address}/edit?{self.query_with(**{name: value})}", value == present)
            for value, label in zip(values, labels, strict=True)
        )

    def _phone(self) -> Phone | None:
        if not self.items:
            return None
        shown = {
            "item": self._asked("item", [*(key for key, _ in self.items), SAMPLE]),
            "locale": self._asked("locale", self.codes),
            "scheme": self._asked("scheme", SCHEMES),
        }
        return Phone("", f"{self.address}/draft-page?{urlencode(shown)}", f"{self.template.name} as it is being built")

    # --- the list ----------------------------------------------------------------------------------

    def _rows(self, sections: Sequence[Mapping[str, Any]], section: Mapping[str, Any] | None) -> tuple[SectionRow, ...]:
        return tuple(
            SectionRow(
                key=each["key"],
                label=str(each.get("label") or each["key"]),
                sub=_sub(each),
                who=_who(each["slots"]),
                href=f"{self.address}/edit?{self.query_with(section=each['key'])}",
                is_open=section is not None and each["key"] == section["key"],
                is_first=number == 0,
                is_last=number == len(sections) - 1,
            )
            for number, each in enumerate(sections)
        )

    # --- the open section --------------------------------------------------------------------------

    def _open(self, section: Mapping[str, Any]) -> OpenSection:
        kind = LIBRARY[section["kind"]]
        return OpenSection(
            key=section["key"],
            kind_name=kind.name,
            label=str(section.get("label", "")),
            sentence=kind.sentence,
            is_head=kind.is_head,
            titles=self._words(f"{section['key']}.title", section.get("title")),
            slots=tuple(self._slot(section, each, number) for number, each in enumerate(section["slots"])),
            add_slots=tuple((str(each), _KIND_NAMES[each]) for each in slot_kinds(section)),
        )

    def _slot(self, section: Mapping[str, Any], slot: Mapping[str, Any], number: int) -> SlotForm:
        kind, name = Kind(slot["kind"]), f"{section['key']}.{slot['key']}"
        lock = str(slot.get("lock") or Lock.EDIT)
        is_chosen = kind == Kind.CHOICE or lock == Lock.CHOOSE
        options = slot.get("options") or ()
        several = len(self.codes) > 1
        return SlotForm(
            name=name,
            key=slot["key"],
            label=str(slot.get("label", "")),
            kind_name=_KIND_NAMES[kind],
            help=str(slot.get("help", "")),
            kinds=_kinds(section, kind),
            kind=str(kind),
            locks=_locks(kind, lock),
            lock=lock,
            needed=_needed(slot),
            needs=_needs(kind, self.codes, lock),
            audiences=_AUDIENCES if section["kind"] != "staff" and kind in STAFF_KINDS else (),
            audience=str(slot.get("audience", "shopper")),
            missing=_MISSING if several and kind not in ASSET_KINDS else (),
            when_missing=str(slot.get("when_missing", "fallback")),
            limits=self._limits(slot, kind, name),
            ratio=", ".join(slot.get("ratio") or ()) if kind == Kind.PICTURES else None,
            options=write_options(options, self.codes) if is_chosen else None,
            option_help=self._option_help(kind),
            option_rows=max(3, len(options) + 1),
            titles=self._words(f"{name}.title", slot.get("title")),
            locales=self._spoken(slot) if several and kind not in ASSET_KINDS else (),
            is_first=number == 0,
            is_last=number == len(section["slots"]) - 1,
        )

    def _limits(self, slot: Mapping[str, Any], kind: Kind, name: str) -> tuple[NumberField, ...]:
        return tuple(
            NumberField(
                f"{name}.{each}",
                _LIMIT_NAMES[each],
                str(slot.get(each) or ""),
                self.problems.get(f"{name}.{each}", ""),
            )
            for each in LIMITS[kind]
            if each in _LIMIT_NAMES and not (kind in (Kind.VIDEO, Kind.AUDIO) and each == "max_count")
        )

    def _words(self, name: str, value: Any) -> tuple[WordField, ...]:
        """Fields for words in each language; none where the page says them by itself."""
        if not isinstance(value, Mapping):
            return ()
        return tuple(
            WordField(
                f"{name}.{each}",
                language_name(each, "en"),
                each,
                direction(each),
                str(value.get(each, "")),
                self.problems.get(name, ""),
            )
            for each in self.codes
        )

    def _spoken(self, slot: Mapping[str, Any]) -> tuple[tuple[str, str, bool], ...]:
        chosen = slot.get("locales") or self.codes
        return tuple((each, language_name(each, "en"), each in chosen) for each in self.codes)

    def _option_help(self, kind: Kind) -> str:
        languages = " | ".join(language_name(each, "en") for each in self.codes)
        if kind == Kind.LINK:
            return f"One a line: a short name for it | {languages} | its address. Such as sizes | Find your size | https://…"
        return f"One a line: a short name for it | {languages}. Such as runs_small | Runs small."


def fate_lines(fates: Sequence[Fate]) -> tuple[FateLine, ...]:
    """How many pages meet which outcome, and the reasons said most often."""
    found = []
    for outcome, (state, label) in _OUTCOMES.items():
        mine = [fate for fate in fates if fate.outcome == outcome]
        reasons = Counter(reason for fate in mine for reason in fate.reasons)
        found.append(FateLine(state, label, len(mine), tuple(reasons.most_common(_REASONS))))
    return tuple(found)


def said_outcome(outcome: Outcome) -> tuple[str, str]:
    """A word for `ui/status.html`, and what it is called."""
    return _OUTCOMES[outcome]


def _lede(number: int, pages: int, *, is_draft: bool) -> str:
    used = "one page" if pages == 1 else f"{pages:,} pages"
    in_use = f"Version {number} is in use on {used}." if pages else f"Version {number} is in use; no page is yet."
    return f"Version {number + 1}, draft. {in_use}" if is_draft else f"{in_use} What you change here is a draft first."


def _addable(sections: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    there = {each["kind"] for each in sections}
    return tuple((kind, each.name) for kind, each in LIBRARY.items() if each.may_repeat or kind not in there)


def _sub(section: Mapping[str, Any]) -> str:
    labels = [str(each.get("label") or each["key"]) for each in section["slots"]]
    return ", ".join(labels) if labels else LIBRARY[section["kind"]].sentence


def _who(slots: Sequence[Mapping[str, Any]]) -> str:
    locks = {each.get("lock", Lock.EDIT) for each in slots}
    if not locks or locks == {Lock.FIXED}:
        return "Fixed"
    return "Choose" if locks == {Lock.CHOOSE} else "Edit"


def _kinds(section: Mapping[str, Any], kind: Kind) -> tuple[tuple[str, str], ...]:
    if kind not in WORD_KINDS:
        return ()
    return tuple((str(each), _KIND_NAMES[each]) for each in slot_kinds(section) if each in WORD_KINDS)


def _locks(kind: Kind, lock: str) -> tuple[tuple[str, str], ...]:
    if kind in ASSET_KINDS:
        offered: tuple[Lock, ...] = (Lock.EDIT,)
    elif kind == Kind.CHOICE:
        offered = (Lock.CHOOSE, Lock.FIXED)
    elif kind in WORD_KINDS or kind == Kind.LINK or lock == Lock.CHOOSE:
        offered = tuple(_LOCK_NAMES)
    else:
        offered = (Lock.EDIT, Lock.FIXED)
    return tuple((str(each), _LOCK_NAMES[each]) for each in offered)


def _needed(slot: Mapping[str, Any]) -> str:
    if not slot.get("is_required"):
        return "none"
    return "all" if slot.get("needed_in") == "all" else "first"


def _needs(kind: Kind, codes: Sequence[str], lock: str) -> tuple[tuple[str, str], ...]:
    if lock == Lock.FIXED:
        return ()
    if len(codes) == 1 or kind in ASSET_KINDS or kind == Kind.CHOICE:
        return (("none", "No"), ("first", "Yes"))
    return (("none", "No"), ("first", f"In {language_name(codes[0], 'en')}"), ("all", "In every language"))
