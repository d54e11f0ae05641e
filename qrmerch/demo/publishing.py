"""What the sample shops show and print: templates, pages on their way through review, codes in their places."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from qrmerch.access import Role
from qrmerch.catalog.models import Item
from qrmerch.catalog.service import describe_item, retire_item
from qrmerch.codes.models import Code
from qrmerch.codes.service import make_code, mark_printed, replace_code, retire_code
from qrmerch.content import drafts, publishing, reviewing, templates
from qrmerch.content.models import PageTemplate, Reader, Revision, RevisionState, Style
from qrmerch.content.notices import mark_all_read
from qrmerch.demo import facts, further
from qrmerch.demo.facts import StyleFacts
from qrmerch.demo.shops import Shops
from qrmerch.occasions import service as occasions
from qrmerch.rendering.weighing import weigh_newest

_WRITTEN_DAYS_AGO: Final = facts.OPENED_DAYS_AGO - 6
# What the second revisions say that the first ones did not.
_SECOND_LEDES: Final = {
    "FT-TOP-02": "Our yellow with eleven buttons: open over a shirt, or closed as the top itself.",
    "FT-SAN-02": "For after the shop closes, and for the walk home.",
    "FT-HAT-01": "The best cap you will ever own.",
}
_SECOND_STORIES: Final = {
    "FT-TOP-02": "Fine-gauge knit in washed cotton, elbow sleeves, eleven small buttons. Lighter than it looks, and it "
    "keeps its shape on a chair.",
}
_COMMENTS: Final = (
    {"slot": "story.lede", "text": "Nobody can check this. The old line said what it is: shade with a brim."},
    {"slot": "gallery.pictures", "text": "A second picture of the buckle would help; shoppers ask how it closes."},
)


# The look that has a code of its own, and where the event is.
_SHOWN_LOOK: Final = "sunday"
_EVENT_STORES: Final = ("FT-001", "FT-002")
# What each kind of place is printed as.
_BATCHES: Final = {
    "poster": "Posters",
    "window": "Windows",
    "hangtag": "Tags",
    "shelf": "Shelf talkers",
    "wall": "Wall",
}


@dataclass(frozen=True, slots=True)
class By:
    """Who did it, as far as the audit log keeps it."""

    user_id: str


def who(shops: Shops, role: Role, *, retailer: str = facts.FASHIONTOWN) -> By:
    """The user with this role at a retailer; where it has none, its owner."""
    people = [each for each in facts.PEOPLE if each.retailer == retailer]
    found = next((each for each in people if each.role == role), people[0])
    return By(shops.users[found.email].id)


def set_up_templates(db: Session, shops: Shops, *, at: datetime) -> None:
    """Each house's usual template with what it says on every page, and a second one for its strongest item."""
    made_at = at - timedelta(days=facts.OPENED_DAYS_AGO)
    for house in facts.HOUSES:
        retailer_id = shops.retailers[house.slug].id
        template = templates.add_template(
            db, retailer_id, name=house.style.value.capitalize(), style=house.style, at=made_at, is_default=True
        )
        weigh_newest(db, template, at=made_at)
        _say(db, template, house.fixed, made_at, who(shops, Role.MERCHANDISER, retailer=house.slug))
    house = facts.house(facts.FASHIONTOWN)
    editorial = templates.add_template(
        db, shops.retailers[house.slug].id, name="Editorial", style=Style.EDITORIAL, at=made_at
    )
    weigh_newest(db, editorial, at=made_at)
    _say(db, editorial, house.fixed, made_at, who(shops, Role.MERCHANDISER))
    item = shops.items[facts.EDITORIAL_STYLE]
    describe_item(db, item, title=item.title, category=item.category, template_id=editorial.id, at=made_at)


def _say(db: Session, template: PageTemplate, fixed: Mapping[str, Mapping[str, Any]], at: datetime, by: By) -> None:
    for slot, texts in fixed.items():
        templates.set_fixed(db, template, slot, texts, at=at, actor=by)


def set_up_pages(db: Session, shops: Shops, *, at: datetime) -> None:
    """Every style written, reviewed and published; one left a draft, some with a second revision under way."""
    written_at = at - timedelta(days=_WRITTEN_DAYS_AGO)
    for style in facts.list_styles():
        author = _author_of(shops, style)
        draft = drafts.open_draft(db, shops.items[style.key], author_id=author, at=written_at)
        draft = drafts.save_draft(db, draft, _slots(shops, style), edit=draft.edit, at=written_at)
        if style.key == facts.DRAFT_STYLE:
            continue
        revision = drafts.submit(db, draft, author_id=author, at=written_at)
        _let_through(db, shops, style, revision, written_at + timedelta(hours=5))
    for number, key in enumerate(facts.SUBMITTED_STYLES):
        _send_second(db, shops, key, at=at - timedelta(hours=2, days=3 * number))
    returned = _send_second(db, shops, facts.RETURNED_STYLE, at=at - timedelta(days=2))
    reviewing.send_back(
        db,
        returned,
        digest=returned.digest or "",
        comments=_COMMENTS,
        reviewer=who(shops, Role.REVIEWER),
        at=at - timedelta(days=1),
    )
    # What happened weeks ago was read then.
    for reader in Reader:
        mark_all_read(db, reader, until=at - timedelta(days=7), at=at - timedelta(days=7))


def _author_of(shops: Shops, style: StyleFacts) -> str:
    if not style.vendor:
        return who(shops, Role.OWNER, retailer=style.retailer).user_id
    people = [each for each in (*facts.PEOPLE, *facts.EDITORS) if each.vendor == style.vendor]
    return shops.users[people[-1].email].id


def _slots(shops: Shops, style: StyleFacts) -> dict[str, Any]:
    words = style.words
    slots: dict[str, Any] = {
        "gallery.pictures": [asset.id for asset in shops.assets[style.key]],
        "story.lede": {locale: each.blurb for locale, each in words.items()},
        "story.text": {locale: each.story for locale, each in words.items()},
        "care.text": {locale: each.care for locale, each in words.items()},
    }
    if len(words) > 1:
        slots["facts.rows"] = _rows_in_all_languages(style)
    return {**slots, **further.SLOTS.get(style.key, {})}


def _rows_in_all_languages(style: StyleFacts) -> list[dict[str, dict[str, str]]]:
    by_locale = {locale: each.facts for locale, each in style.words.items()}
    return [
        {
            "name": {locale: name for locale, (name, _) in zip(by_locale, row, strict=True)},
            "value": {locale: value for locale, (_, value) in zip(by_locale, row, strict=True)},
        }
        for row in zip(*by_locale.values(), strict=True)
    ]


def _let_through(db: Session, shops: Shops, style: StyleFacts, revision: Revision, at: datetime) -> None:
    if revision.state != RevisionState.APPROVED:
        reviewer = who(shops, Role.REVIEWER, retailer=style.retailer)
        reviewing.approve(db, revision, digest=revision.digest or "", reviewer=reviewer, at=at)
    publishing.publish(db, revision, actor=who(shops, Role.MERCHANDISER, retailer=style.retailer), at=at)


def _send_second(db: Session, shops: Shops, key: str, *, at: datetime) -> Revision:
    style = next(each for each in facts.list_styles() if each.key == key)
    author = _author_of(shops, style)
    draft = drafts.open_draft(db, shops.items[key], author_id=author, at=at)
    slots: dict[str, Any] = {"story.lede": {"en": _SECOND_LEDES[key]}}
    if key in _SECOND_STORIES:
        slots["story.text"] = {"en": _SECOND_STORIES[key]}
    draft = drafts.save_draft(db, draft, slots, edit=draft.edit, at=at)
    return drafts.submit(db, draft, author_id=author, at=at)


def set_up_codes(db: Session, shops: Shops, *, at: datetime) -> dict[str, Code]:
    """A code at each place, by the place's name; one with older prints that lead to it, one retired with its item."""
    mia = who(shops, Role.MERCHANDISER)
    codes = {}
    for each in facts.list_placements():
        hung_at = at - timedelta(days=each.hung_days_ago)
        by = who(shops, Role.MERCHANDISER, retailer=each.retailer)
        code = make_code(
            db,
            shops.items[each.style],
            at=hung_at,
            fixture_id=shops.fixture_at(each).id,
            batch=f"{_BATCHES[each.kind]}, {hung_at:%B %Y}",
            actor=by,
        )
        mark_printed(db, [code], at=hung_at, actor=by)
        codes[each.name] = code
    newer = codes[facts.REPLACED_PLACEMENT]
    older = _make_older(db, shops, shops.items[_style_at(facts.REPLACED_PLACEMENT)], newer, at, mia)
    replace_code(db, older, newer, at=newer.created_at, actor=mia)
    ferry = shops.items[facts.RETIRED_STYLE]
    last = _make_older(db, shops, ferry, newer, at, mia)
    retired_at = at - timedelta(days=9)
    retire_item(db, ferry, at=retired_at, actor=mia)
    retire_code(db, last, at=retired_at, actor=mia)
    return codes


def set_up_apart(db: Session, shops: Shops, *, at: datetime) -> None:
    """An event in two stores, each by its own clock, and printed codes of a look and of the event."""
    mia = who(shops, Role.MERCHANDISER)
    made_at, retailer = at - timedelta(days=12), shops.retailers[facts.FASHIONTOWN]
    stores = [shops.stores[code] for code in _EVENT_STORES]
    evening = (at.astimezone(ZoneInfo(stores[0].time_zone)) + timedelta(days=9)).date()
    said = occasions.Said(
        title={"en": "An evening at the quay"},
        words={"en": "Try the yellows on before they hang. Something cold to drink, and a tailor for hems."},
        spot={"en": "Upstairs, by the windows"},
        begins=f"{evening}T18:30",
        ends=f"{evening}T21:00",
        store_ids=[store.id for store in stores],
    )
    occasion = occasions.add_occasion(db, retailer, said, at=made_at, actor=mia)
    occasions.publish(db, occasion, at=made_at, actor=mia)
    for lead in (shops.looks[_SHOWN_LOOK], occasion):
        code = make_code(db, lead, at=made_at, store_id=stores[0].id, batch="Looks and events", actor=mia)
        mark_printed(db, [code], at=made_at, actor=mia)


def _style_at(placement: str) -> str:
    return next(each.style for each in facts.list_placements() if each.name == placement)


def _make_older(db: Session, shops: Shops, item: Item, beside: Code, at: datetime, by: By) -> Code:
    """A code of the first prints, at the place of another."""
    made_at = at - timedelta(days=facts.OPENED_DAYS_AGO - 8)
    code = make_code(db, item, at=made_at, fixture_id=beside.fixture_id, batch="First tags", actor=by)
    mark_printed(db, [code], at=made_at, actor=by)
    return code
