"""The content editor's page, put together from a draft and, where something was refused, from what was typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from markupsafe import Markup
from sqlalchemy.orm import Session

from qrmerch.catalog.pictures import list_picture_ids
from qrmerch.catalog.queries import get_product, list_variants
from qrmerch.codes import artwork
from qrmerch.content.drafts import load_bounds
from qrmerch.content.holding import find_publication, find_shown
from qrmerch.content.merging import PLACE, Difference
from qrmerch.content.models import Publication, Revision, RevisionState
from qrmerch.content.picture_codes import find_leading_away
from qrmerch.content.preview_links import make_link
from qrmerch.content.queries import find_last_return, fixed_values
from qrmerch.content.slots import (
    ASSET_KINDS,
    Bounds,
    Kind,
    Lock,
    Slot,
    alt_for,
    has_shape,
    is_empty,
    list_missing,
    picture_problem,
    recorded_problem,
)
from qrmerch.content.tables import join_rows
from qrmerch.content.translating import ALT, Gap, alts_of, is_stale, list_gaps, mark_alts, since_of, words_by_locale
from qrmerch.i18n import direction, language_name
from qrmerch.media.models import Asset, AssetState
from qrmerch.media.playing import recordings_of, said_length
from qrmerch.media.queries import Picture, list_assets, list_by_ids, pictures_of
from qrmerch.money import format_money
from qrmerch.studio.content_pages import (
    ChosenPicture,
    Comment,
    EditorPage,
    FormPart,
    LanguageTab,
    Locked,
    OfferedPicture,
    Preview,
    Row,
    SectionFields,
    SlotField,
    StandingPart,
    Todo,
    Twice,
)
from qrmerch.studio.newer import say_newer
from qrmerch.studio.quality import quality_of
from qrmerch.studio.subject import Subject
from qrmerch.studio.times import said_at
from qrmerch.studio.told import tell_twice
from qrmerch.text import rich_text
from qrmerch.users.models import User

_OFFERED: Final = 24
_SPARE_ROWS: Final = 2
_WISHED_PICTURES: Final = 3
_SCHEMES: Final = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed and not taken, or is looked for: it stands in the form instead of what is kept."""

    values: Mapping[str, Any] = field(default_factory=dict)
    alts: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    finds: Mapping[str, str] = field(default_factory=dict)
    # What the pictures' words were, and which revision and save it was typed upon, where that is an older one.
    alts_before: Mapping[str, str] = field(default_factory=dict)
    upon: tuple[int, int] | None = None
    # What two people changed at once, and the sentence on it; then `values` are all there are.
    twice: tuple[Difference, ...] = ()
    conflict: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """How the editor is looked at, and from where."""

    locale: str
    scheme: str
    zone: str
    at: datetime
    # Scheme and host, and the key that signs links.
    base: str
    key: str
    user_id: str


class Editor:
    """Makes one editor page."""

    def __init__(self, db: Session, subject: Subject, view: View, typed: Typed | None = None) -> None:
        self.db, self.subject, self.view, self.typed = db, subject, view, typed or Typed()
        self.slots = subject.slots
        self.values = self._values()
        self.bounds = load_bounds(db, subject.revision, self.values, self.slots, at=view.at)
        self.comments = list_comments(db, subject, view)
        self.alts = {each.id: each.alt for each in self.bounds.assets.values() if not each.is_decorative}
        self.since = mark_alts(since_of(subject.revision), alts_of(subject.revision), self.alts, view.at)

    def _values(self) -> dict[str, Any]:
        """What stands in the form: of words in the language that was typed what was typed, in others what is kept."""
        found: dict[str, Any] = dict(self.subject.values)
        for name, value in self.typed.values.items():
            slot, kept = self.slots.get(name), found.get(name)
            is_part = slot is not None and slot.is_by_locale and not self.typed.conflict
            if is_part and isinstance(value, Mapping) and isinstance(kept, Mapping):
                found[name] = {**kept, **value}
            else:
                found[name] = value
        return found

    def page(self) -> EditorPage:
        subject, view, revision = self.subject, self.view, self.subject.revision
        number, edit = self.typed.upon or (revision.number, revision.edit)
        down = find_publication(self.db, subject.item.id, store_id=None, at=view.at)
        newer, can_take_newer = say_newer(self.db, subject)
        return EditorPage(
            title=subject.item.title,
            retailer=subject.retailer.name,
            crumbs=(("Products", "/studio/products"), (subject.retailer.name, self._products_address)),
            lede=self._lede(),
            saved=f"Saved {said_at(revision.saved_at, now=view.at, zone=view.zone)}" if subject.is_kept else "",
            state=str(subject.latest.state) if subject.latest else "none",
            is_open=subject.is_open,
            address=subject.address(),
            shelf=f"{subject.item.id} {subject.template.id} {view.user_id}",
            mark=self.typed.mark,
            number=number,
            edit=edit,
            form=self.form_part(),
            languages=self.languages(),
            problems=dict(self.typed.problems),
            conflict=self.typed.conflict,
            comments=self.comments,
            taken_down=down.reason if down is not None and down.revision_id is None else "",
            newer=newer,
            can_take_newer=can_take_newer,
            sections=tuple(self._sections()),
            added=self._added(),
            standing=self.standing(),
            preview=self._preview(),
            withdraw=subject.address("/withdraw") if revision.state == RevisionState.SUBMITTED else "",
            saves=subject.address("/saves") if subject.is_kept and subject.is_open else "",
            copy=subject.address("/copy") if subject.is_open else "",
        )

    def form_part(self) -> FormPart:
        locale = self.view.locale
        return FormPart(self.subject.is_open, locale, direction(locale), self._first_language)

    # --- head --------------------------------------------------------------------------------------

    @property
    def _products_address(self) -> str:
        return f"/studio/products?retailer={self.subject.retailer.id}"

    def _lede(self) -> str:
        subject = self.subject
        number, version = subject.revision.number, subject.version.number
        template = f"template {subject.template.name}, version {version}"
        if subject.revision.state == RevisionState.SUBMITTED:
            said = f"Revision {number} waits for an answer from {subject.retailer.name}, on {template}."
        elif subject.is_kept:
            said = f"Revision {number}, draft on {template}."
        elif subject.latest is not None:
            said = f"Revision {subject.latest.number} is {subject.latest.state}. What you change here becomes {number}."
        else:
            said = f"Not begun, on {template}. What stands here comes from your catalogue."
        return f"{said} {self._shown()}"

    def _shown(self) -> str:
        shown = find_shown(self.db, self.subject.item.id, at=self.view.at)
        if shown is None or shown.revision_id is None:
            return "Shoppers see a plain page."
        revision = self.db.get_one(Revision, shown.revision_id)
        return f"Shoppers see revision {revision.number}{_limits(shown)}."

    def languages(self) -> tuple[LanguageTab, ...]:
        """The languages, with what each lacks against the first one."""
        tabs = []
        for locale in self.subject.locales:
            gaps = self._gaps(locale)
            stale = sum(each.is_stale for each in gaps)
            missing = len(gaps) - stale
            notes = [("wait", f"{stale} out of date")] if stale else []
            notes += [("draft", f"{missing} missing")] if missing else []
            href = self.subject.address(locale=locale, scheme=self.view.scheme if self.view.scheme != "light" else "")
            is_current = locale == self.view.locale
            tabs.append(LanguageTab(locale, language_name(locale, "en"), tuple(notes), href, is_current))
        return tuple(tabs)

    def _gaps(self, locale: str) -> list[Gap]:
        first = self.subject.locales[0]
        return list_gaps(self.slots, self.values, self.alts, self.since, locale=locale, first=first)

    # --- slots -------------------------------------------------------------------------------------

    def _sections(self) -> list[SectionFields]:
        found = []
        for section in self.subject.version.sections:
            fields = tuple(self.field(f"{section['key']}.{slot['key']}") for slot in section.get("slots", ()))
            locked = self._locked(section["kind"])
            if fields or locked:
                found.append(SectionFields(str(section.get("label") or section["key"]), fields, locked))
        return found

    def _locked(self, kind: str) -> tuple[Locked, ...]:
        item, retailer = self.subject.item, self.subject.retailer
        if kind == "headline":
            maker = str((self.subject.revision.body.get("product") or {}).get("maker") or "")
            value = f"{item.title}, {maker}" if maker else item.title
            return (
                Locked(
                    "Name and maker",
                    "from the item",
                    value,
                    f"The maker is yours; {retailer.name} may reword the name.",
                ),
            )
        if kind == "price":
            return (
                Locked("Price", f"from {retailer.name}", self._price(), f"{retailer.name} sets what shoppers see."),
            )
        if kind in ("facts", "specification"):
            facts = get_product(self.db, item.product_id).facts
            value = "; ".join(f"{each['name']}: {each['value']}" for each in facts)
            reason = "Change them with your next import; here you may add to them."
            return (Locked("Facts of your catalogue", "from the product", value or "None yet.", reason),)
        return ()

    def _price(self) -> str:
        variants = list_variants(self.db, self.subject.item.id)
        priced = [each for each in variants if each.price_minor is not None and not each.is_hidden]
        if not priced:
            return "No price yet."
        amounts = sorted({each.price_minor or 0 for each in priced})
        said = [format_money(each, priced[0].currency) for each in (amounts[0], amounts[-1])]
        return said[0] if said[0] == said[1] else f"{said[0]} to {said[1]}"

    def _added(self) -> str:
        """What the retailer puts on the page besides, in a sentence."""
        labels = [
            str(each["label"]).lower()
            for each in self.subject.version.sections
            if not each.get("slots") and each["kind"] not in ("headline", "price")
        ]
        if not labels:
            return ""
        return f"{self.subject.retailer.name} adds: {', '.join(labels)}."

    def field(self, name: str) -> SlotField:
        """A slot as it stands in the form."""
        slot, locale, first = self.slots[name], self.view.locale, self.subject.locales[0]
        value = self.values.get(name)
        words = value if slot.is_words and isinstance(value, Mapping) else {}
        return SlotField(
            slot=slot,
            opt=self._opt(slot),
            value=self._value(slot, value, locale),
            original=self._value(slot, value, first) if locale != first and not slot.is_choice else "",
            url=str(value.get("url", "")) if slot.kind == Kind.LINK and isinstance(value, Mapping) else "",
            only=self._only(slot),
            twice=self._twice(slot),
            is_stale=is_stale(self.since, name, locale=locale, first=first) and locale in words_by_locale(slot, value),
            problem=self.typed.problems.get(slot.name, ""),
            comments=tuple(each for each in self.comments if each.slot == slot.name),
            pictures=self._chosen(slot, value or []) if slot.is_assets else (),
            offered=self._offered(slot, value or []) if slot.is_assets and self.subject.is_open else (),
            find=self.typed.finds.get(slot.name, ""),
            rows=self._rows(slot, value or []) if slot.is_rows else (),
            table=self._table(slot, value) if slot.kind == Kind.TABLE else (),
            choices=(("", "Not said"), *((each.value, each.words) for each in slot.options)),
            said=self._html(slot, str(words.get(locale, ""))),
        )

    def _value(self, slot: Slot, value: Any, locale: str) -> str:
        """What stands in the slot's one field in a language; empty where it has others."""
        if slot.is_choice:
            return str(value or "")
        if not isinstance(value, Mapping):
            return ""
        if slot.kind == Kind.LINK:
            words = value.get("words")
            return str(words.get(locale, "")) if isinstance(words, Mapping) else ""
        said = value.get(locale, "")
        return join_rows(said) if isinstance(said, list) else str(said)

    def _table(self, slot: Slot, value: Any) -> tuple[tuple[str, ...], ...]:
        """The rows of a table that waits for an answer."""
        rows = value.get(self.view.locale) if isinstance(value, Mapping) and not slot.is_choice else None
        return tuple(tuple(row) for row in rows) if isinstance(rows, list) else ()

    def _only(self, slot: Slot) -> str:
        """Why nothing can be written here in this language; empty where it can."""
        if slot.is_choice or slot.is_assets or slot.languages((self.view.locale,)):
            return ""
        listed = " and ".join(language_name(each, "en") for each in slot.languages(self.subject.locales))
        return f"{self.subject.retailer.name} wants this in {listed} only." if listed else "Nothing is written here."

    def _opt(self, slot: Slot) -> str:
        if slot.is_fixed:
            return f"fixed by {self.subject.retailer.name}"
        said = self._limits(slot)
        return f"only associates read it{f'; {said}' if said else ''}" if slot.is_for_staff else said

    def _limits(self, slot: Slot) -> str:
        if slot.is_choice:
            return f"choose from the list of {self.subject.retailer.name}"
        if slot.kind == Kind.PICTURES:
            count = f"at most {slot.max_count}" if slot.min_count < 1 else f"{slot.min_count} to {slot.max_count}"
            shapes = f", {' or '.join(f'{width}:{height}' for width, height in slot.ratios)}" if slot.ratios else ""
            return f"{count}, at least {slot.min_width} px wide{shapes}"
        if slot.is_recording:
            return f"one, at most {said_length(slot.max_seconds * 1000)} long" if slot.max_seconds else "one"
        if slot.is_required:
            return "required" if self.view.locale == self.subject.locales[0] else ""
        if slot.kind == Kind.RICH_TEXT:
            return f"**bold**, lists, links to {self.subject.retailer.name} only"
        if slot.kind in (Kind.LINK, Kind.FILES):
            return f"on the pages of {self.subject.retailer.name}"
        return f"at most {slot.max_count} rows" if slot.kind in (Kind.FACTS, Kind.TABLE) and slot.max_count else ""

    def _twice(self, slot: Slot) -> tuple[Twice, ...]:
        """Where two people changed a slot, or the words of its pictures, at once."""
        own = list(self.values.get(slot.name) or ()) if slot.kind == Kind.PICTURES and slot.is_assets else []
        found = [each for each in self.typed.twice if each.part[0] == slot.name]
        found += [each for each in self.typed.twice if each.part[0].removeprefix(ALT) in own]
        ids = [each for one in found for side in (one.mine, one.theirs) if isinstance(side, list) for each in side]
        pictures = pictures_of(self.db, [each for each in ids if isinstance(each, str)])
        assets = {each.id: each for each in list_by_ids(self.db, [each for each in ids if isinstance(each, str)])}
        return tuple(
            tell_twice(slot, each, _place(own, each.part[0].removeprefix(ALT)), assets, pictures) for each in found
        )

    def _said(self, slot: Slot, value: Any) -> str:
        """A kept value in a few words, for somebody who typed another."""
        if is_empty(value):
            return "nothing"
        if slot.is_by_locale or (slot.kind == Kind.LINK and not slot.is_choice):
            return self._value(slot, value, self.view.locale) or "nothing"
        if slot.is_choice:
            return next((each.words for each in slot.options if each.value == value), str(value))
        noun = ASSET_KINDS[slot.kind].noun if slot.is_assets else "row"
        return f"{len(value)} {noun}" + ("" if len(value) == 1 else "s")

    def _html(self, slot: Slot, words: str) -> Markup:
        if slot.is_fixed:
            return self._fixed(slot)
        return rich_text(words) if slot.kind == Kind.RICH_TEXT and words and not self.subject.is_open else Markup()

    def _fixed(self, slot: Slot) -> Markup:
        value = fixed_values(self.db, self.subject.template.id, at=self.view.at).get(slot.name) or {}
        text = ""
        if not has_shape(slot, value):
            # From when the slot was of another kind; shoppers do not see it either.
            value = {}
        if slot.is_words:
            text = value.get(self.view.locale) or value.get(self.subject.locales[0], "")
        elif not is_empty(value):
            text = self._said(replace(slot, lock=Lock.EDIT), value)
        if not text:
            return Markup("<p>{}</p>").format(f"{self.subject.retailer.name} has not written anything here.")
        return rich_text(text) if slot.kind == Kind.RICH_TEXT else Markup("<p>{}</p>").format(text)

    def _rows(self, slot: Slot, value: list[Mapping[str, Any]]) -> tuple[Row, ...]:
        locale, first = self.view.locale, self.subject.locales[0]
        rows = []
        for number, each in enumerate(value):
            name = each.get("name") or {}
            words = {locale: each.get("url")} if slot.kind == Kind.FILES else each.get("value") or {}
            said = ": ".join(str(part[first]) for part in (name, words) if part.get(first)) if locale != first else ""
            place = each.get(PLACE, str(number))
            rows.append(Row(place, str(name.get(locale, "")), str(words.get(locale) or ""), said))
        if self.subject.is_open:
            rows += [Row("", "", "", "")] * _SPARE_ROWS
        return tuple(rows)

    # --- pictures ----------------------------------------------------------------------------------

    def _chosen(self, slot: Slot, ids: list[str]) -> tuple[ChosenPicture, ...]:
        pictures = pictures_of(self.db, ids)
        locale, first = self.view.locale, self.subject.locales[0]
        assets = [self.bounds.assets[each] for each in ids if each in self.bounds.assets]
        codes = find_leading_away(self.db, self.subject.retailer.id, assets)
        found = []
        for asset_id in ids:
            asset = self.bounds.assets.get(asset_id)
            if asset is None:
                continue
            picture = pictures.get(asset_id)
            found.append(
                ChosenPicture(
                    asset_id=asset_id,
                    image=picture.card_url if picture else "",
                    alt=self.typed.alts.get(asset_id, str(asset.alt.get(locale, ""))),
                    is_decorative=asset.is_decorative,
                    problem=self._problem(slot, asset),
                    warning=codes.get(asset_id, ""),
                    alt_problem=self.typed.problems.get(f"alt:{asset_id}", ""),
                    name=self._name(asset),
                    was=self.typed.alts_before.get(asset_id, str(asset.alt.get(locale, ""))),
                    original=alt_for(asset.alt, first) if locale != first else "",
                    is_stale=is_stale(self.since, ALT + asset_id, locale=locale, first=first)
                    and bool(asset.alt.get(locale)),
                )
            )
        return tuple(found)

    def _problem(self, slot: Slot, asset: Asset) -> str:
        problem_of = recorded_problem if slot.is_recording else picture_problem
        return problem_of(slot, asset, self.bounds)

    def _name(self, asset: Asset) -> str:
        """What a film or sound is called, with its length; of a picture just the file's name."""
        recording = self.bounds.recordings.get(asset.id)
        return f"{asset.file_name}, {said_length(recording.duration_ms)}" if recording else asset.file_name

    def _offered(self, slot: Slot, chosen: list[str]) -> tuple[OfferedPicture, ...]:
        """The vendor's pictures to choose from: those found; or the item's own, those named like it, the newest."""
        vendor_id, find = self.subject.item.vendor_id, self.typed.finds.get(slot.name, "")
        kind = ASSET_KINDS[slot.kind]
        assets, _ = list_assets(self.db, vendor_id, find=find, kind=kind, per_page=_OFFERED)
        if not find:
            key = get_product(self.db, self.subject.item.product_id).key
            own = list_by_ids(self.db, list_picture_ids(self.db, self.subject.item.product_id))
            own = [each for each in own if each.kind == kind]
            named, _ = list_assets(self.db, vendor_id, find=key, kind=kind, per_page=_OFFERED)
            assets = list({each.id: each for each in (*own, *named, *assets)}.values())
        assets = [each for each in assets if each.id not in chosen]
        pictures = pictures_of(self.db, [each.id for each in assets], at=self.view.at)
        if slot.is_recording:
            return self._offered_recordings(slot, assets[:_OFFERED], pictures)
        return tuple(
            OfferedPicture(each.id, pictures[each.id].card_url, each.file_name, _size_problem(slot, each))
            for each in [each for each in assets if each.id in pictures][:_OFFERED]
        )

    def _offered_recordings(
        self, slot: Slot, assets: list[Asset], pictures: Mapping[str, Picture]
    ) -> tuple[OfferedPicture, ...]:
        recordings = recordings_of(self.db, [each.id for each in assets])
        found = []
        for each in assets:
            recording = recordings.get(each.id)
            if recording is None or each.state == AssetState.REFUSED:
                continue
            problem = recorded_problem(slot, each, Bounds(self.bounds.locales, (), {}, recordings, self.bounds.at))
            image = pictures[each.id].card_url if each.id in pictures else ""
            name = f"{each.file_name}, {said_length(recording.duration_ms)}"
            found.append(OfferedPicture(each.id, image, name, problem))
        return tuple(found)

    # --- what to do next ---------------------------------------------------------------------------

    def standing(self) -> StandingPart:
        """How far the page is and what to do next: what stands in the way, what a language misses, the rest."""
        own = {name: slot for name, slot in self.slots.items() if not slot.is_fixed}
        missing = list_missing(own, self.values, self.bounds)
        quality = quality_of(self.db, self.subject, self.slots, self.values, self.bounds)
        todos = [Todo(sentence, f"#f-{name}", "refuse") for name, sentence in missing.items()]
        if quality.too_heavy:
            todos.append(Todo(f"{quality.too_heavy}: make it lighter", quality.heaviest_href, "refuse"))
        todos += [
            Todo(f"{each.label}: {_note(words, self._first_language)}", each.href, mark)
            for each in self.languages()
            for mark, words in each.notes
        ]
        todos += [
            Todo(f"Add {slot.label[:1].lower()}{slot.label[1:]}", f"#f-{name}", "draft")
            for name, slot in own.items()
            if name not in missing and is_empty(self.values.get(name))
        ]
        todos += self._wished_pictures(own)
        done = sum(1 for name in own if name not in missing and not is_empty(self.values.get(name)))
        in_the_way = [*missing.values(), *([f"{quality.too_heavy}."] if quality.too_heavy else [])]
        return StandingPart(done, len(own), tuple(todos), self._in_the_way(in_the_way), quality)

    @property
    def _first_language(self) -> str:
        return language_name(self.subject.locales[0], "en")

    def _wished_pictures(self, own: Mapping[str, Slot]) -> list[Todo]:
        slot = own.get("gallery.pictures")
        count = len(self.values.get("gallery.pictures") or [])
        if slot is None or not 0 < count < min(_WISHED_PICTURES, slot.max_count):
            return []
        return [Todo(f"Add a {'second' if count == 1 else 'third'} picture", "#f-gallery.pictures", "draft")]

    def _in_the_way(self, missing: list[str]) -> str:
        if not missing:
            return f"{self.subject.retailer.name} looks at it before shoppers do."
        if len(missing) == 1:
            return f"One thing stands in the way. {missing[0]}"
        return f"{len(missing)} things stand in the way; they are listed under What next."

    def _preview(self) -> Preview:
        subject, view = self.subject, self.view
        link = code = ""
        if subject.is_kept:
            link = view.base + make_link(subject.revision.id, key=view.key, at=view.at)
            code = artwork.svg(link, size_mm=36, title="Look at it on your phone")
        locale = view.locale if view.locale != subject.locales[0] else ""
        return Preview(
            src=subject.address("/page", locale=view.locale, scheme=view.scheme),
            title=f"{subject.item.title} as shoppers will see it",
            scheme=view.scheme,
            schemes=tuple(
                (each.capitalize(), subject.address(locale=locale, scheme=each), each == view.scheme)
                for each in _SCHEMES
            ),
            link=link,
            code=Markup(code),  # noqa: S704 - drawn by us; the address in it is ours
        )


def list_comments(db: Session, subject: Subject, view: View) -> tuple[Comment, ...]:
    """The reviewer's comments that the draft answers, numbered."""
    if subject.content is None:
        return ()
    answer = find_last_return(db, subject.content.id, before=subject.revision.number)
    if answer is None:
        return ()
    reviewer = db.get(User, answer.reviewer_id) if answer.reviewer_id else None
    by, at = reviewer.name if reviewer else subject.retailer.name, said_at(answer.at, now=view.at, zone=view.zone)
    labels = {name: slot.label for name, slot in subject.slots.items()}
    return tuple(
        Comment(
            number=number,
            slot=each["slot"],
            label=labels.get(each["slot"], "The page"),
            text=each["text"],
            by=by,
            at=at,
            language=language_name(each["locale"], "en") if each.get("locale") else "",
        )
        for number, each in enumerate(answer.comments, 1)
    )


def _limits(publication: Publication) -> str:
    return "" if publication.store_ids is None else f" in {len(publication.store_ids)} of the stores"


def _note(words: str, first_language: str) -> str:
    return f"{words}, shows {first_language}" if words.endswith("missing") else words


def _place(ids: list[str], asset_id: str) -> int:
    return ids.index(asset_id) + 1 if asset_id in ids else 0


def _size_problem(slot: Slot, asset: Asset) -> str:
    if (asset.width or 0) >= slot.min_width and (asset.height or 0) >= slot.min_height:
        return ""
    return f"{asset.width} × {asset.height}, too small"
