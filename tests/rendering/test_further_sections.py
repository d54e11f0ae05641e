"""Size guides, passports, downloads, ways to ask, what associates read: what shoppers get of them, and what never."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import list_variants
from qrmerch.catalog.service import set_stock
from qrmerch.content import templates
from qrmerch.content.library import LIBRARY
from qrmerch.content.models import PageTemplate, Revision, Style, TemplateVersion
from qrmerch.content.slots import Kind
from qrmerch.parties.models import Retailer, RetailerHost
from qrmerch.rendering.pages import Call, Details, Fold
from qrmerch.rendering.sections import Extras, Source, build_sections, read_facts
from qrmerch.rendering.service import render_item_page
from tests.conftest import NOON
from tests.content.test_rendered import OURS, live_in
from tests.factories import make_item, make_offer, make_retailer, make_store, publish_page
from tests.naughty import TELL_SUM, TELL_TAG, strings_in

NEW = ("size_guide", "question", "signup", "passport", "downloads", "contact")
NOTHING = Extras(look=None, reviews=None, invitation=None, pictures={}, stores=())
ARABIC = "تُقاس مسطّحة تحت الذراعين"
LONG = "Donaudampfschifffahrtsgesellschaftskapitän " * 9


def value_of(kind: Kind, words: dict[str, str]) -> Any:
    """Words in the shape that a kind of slot keeps."""
    shapes: dict[Kind, Any] = {
        Kind.TABLE: {locale: [["#", said], [said, "90"]] for locale, said in words.items()},
        Kind.FACTS: [{"name": words, "value": words}],
        Kind.FILES: [{"name": words, "url": "https://shop.example/manual.pdf"}],
        Kind.LINK: {"url": "https://shop.example/here", "words": words},
    }
    return shapes.get(kind, words)


def values_for(sections: list[dict[str, Any]], words: dict[str, str]) -> dict[str, Any]:
    return {
        f"{section['key']}.{slot['key']}": value_of(Kind(slot["kind"]), words)
        for section in sections
        for slot in section["slots"]
    }


def source_of(kind: str, words: dict[str, str], *, locale: str = "en", **more: Any) -> Source:
    sections = [{**LIBRARY[kind].begin(kind), **more}]
    return Source(sections, values_for(sections, words), (), locale, ("en", "ar"))


def built(source: Source) -> tuple[Any, ...]:
    return build_sections(source, NOTHING, ())


def fold_of(source: Source) -> Fold:
    (details,) = built(source)
    assert isinstance(details, Details)
    (fold,) = details.folds
    return fold


@pytest.mark.parametrize("kind", [*NEW, "staff"])
def test_a_section_without_a_word_is_not_there(kind: str) -> None:
    assert built(source_of(kind, {})) == ()
    assert built(Source([LIBRARY[kind].begin(kind)], {}, (), "en", ("en",))) == ()


@pytest.mark.parametrize("kind", NEW)
@pytest.mark.parametrize(
    "words", [{"en": LONG}, {"ar": ARABIC}, {"en": "Short", "ar": ARABIC}], ids=["long", "ar", "2"]
)
@pytest.mark.parametrize("locale", ["en", "ar"])
def test_every_section_shows_what_it_has_and_says_its_language(kind: str, words: dict[str, str], locale: str) -> None:
    source = source_of(kind, words, locale=locale)
    said = words.get(locale) or next(iter(words.values()))
    language = "" if locale in words else next(iter(words))

    found = built(source)

    assert len(found) == 1
    shown = str(found[0])
    assert said.split()[0] in shown
    assert (f"language='{language}'" in shown or f'lang="{language}"' in shown) if language else "lang=" not in shown


def test_a_size_guide_is_a_table_with_what_to_measure_below_it() -> None:
    fold = fold_of(source_of("size_guide", {"en": "Chest"}))

    assert fold.title == "Size guide"
    assert fold.table is not None
    assert (fold.table.head, fold.table.rows) == (("#", "Chest"), (("Chest", "90"),))
    assert fold.text == "<p>Chest</p>"


def test_a_table_in_another_language_runs_its_own_way() -> None:
    table = fold_of(source_of("size_guide", {"ar": ARABIC})).table

    assert table is not None
    assert (table.language, table.direction) == ("ar", "rtl")


def test_a_file_says_what_it_is() -> None:
    (link,) = fold_of(source_of("downloads", {"en": "Manual"})).links

    assert (link.words, link.href, link.form) == ("Manual", "https://shop.example/manual.pdf", "PDF")


@pytest.mark.parametrize("kind", ["question", "signup", "contact"])
@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "JAVASCRIPT:x", " https://x", "data:,", "http://x", "//x"])
def test_a_way_to_ask_that_leads_nowhere_is_not_there(kind: str, url: str) -> None:
    sections = [LIBRARY[kind].begin(kind)]
    values = {f"{kind}.words": {"en": "Ask us"}, f"{kind}.link": {"url": url, "words": {"en": "Chat"}}}

    assert built(Source(sections, values, (), "en", ("en",))) == ()


def test_a_question_is_its_own_title() -> None:
    (call,) = built(source_of("question", {"ar": ARABIC}))

    assert isinstance(call, Call)
    assert (call.title, call.language, call.text, call.link.words) == (ARABIC, "ar", "", ARABIC)


# --- languages -------------------------------------------------------------------------------------------


def test_small_print_in_another_language_says_which() -> None:
    text = fold_of(source_of("legal", {"en": "Sold by Shop Ltd"}, locale="ar")).text

    assert "باللغة الإنجليزية فقط" in text
    assert '<div lang="en" dir="auto"><p>Sold by Shop Ltd</p></div>' in text
    assert fold_of(source_of("legal", {"en": "Sold by Shop Ltd"})).text == "<p>Sold by Shop Ltd</p>"


@pytest.mark.parametrize("kind", [*NEW, "care", "legal", "words"])
def test_what_is_hidden_where_it_is_missing_is_hidden(kind: str) -> None:
    section = LIBRARY[kind].begin(kind)
    slots = [{**each, "when_missing": "hidden"} for each in section["slots"]]

    assert built(source_of(kind, {"en": "Only English"}, locale="ar", slots=slots)) == ()
    assert len(built(source_of(kind, {"en": "Only English"}, locale="en", slots=slots))) == 1


def test_facts_that_fall_back_say_their_language_and_the_catalogues_too() -> None:
    sections = [LIBRARY["facts"].begin("facts")]
    values = {"facts.rows": [{"name": {"en": "Hem", "ar": "الحاشية"}, "value": {"en": "Rolled"}}]}
    catalogue = [{"name": "Material", "value": "Cotton"}]

    own, other = read_facts(Source(sections, values, catalogue, "ar", ("en", "ar")))

    assert (own.name, own.name_language, own.value, own.language) == ("الخامة", "", "Cotton", "en")
    assert (other.name, other.name_language, other.value, other.language) == ("الحاشية", "", "Rolled", "en")
    assert {each.language for each in read_facts(Source(sections, values, catalogue, "en", ("en", "ar")))} == {""}


# --- lists to choose from ------------------------------------------------------------------------------------


def test_what_was_chosen_stands_in_the_shape_of_its_slot() -> None:
    rows = [{"name": {"en": "Material"}, "value": {"en": "Cotton"}}]
    options = [{"value": "a", "label": {"en": "Wash **cold**"}, "content": rows}]
    care = {"key": "care", "kind": "care", "slots": [{"key": "text", "kind": "rich_text", "lock": "choose"}]}
    passport = {"key": "passport", "kind": "passport", "slots": [{"key": "rows", "kind": "facts", "lock": "choose"}]}
    care["slots"][0]["options"] = [{"value": "a", "label": {"en": "Wash **cold**"}}]  # type: ignore[index]
    passport["slots"][0]["options"] = options  # type: ignore[index]

    def texts(value: Any) -> list[Fold]:
        source = Source([care, passport], {"care.text": value, "passport.rows": value}, (), "en", ("en",))
        return [fold for each in built(source) for fold in each.folds]

    first, second = texts("a")
    assert "<strong>cold</strong>" in first.text
    assert [(each.name, each.value) for each in second.rows] == [("Material", "Cotton")]
    assert texts("b") == texts({"en": "My own words"}) == texts(rows) == []


# --- what stands in the head -----------------------------------------------------------------------------------


def make_full_page(db: Session, style: Style, kinds: tuple[str, ...] = tuple(LIBRARY)) -> tuple[Item, PageTemplate]:
    """A retailer's item and a template of these sections, all of which the vendor fills."""
    retailer = make_retailer(db, locales=["en", "ar"])
    sections = [LIBRARY[kind].begin(kind) for kind in kinds]
    for section in sections:
        for slot in section["slots"]:
            slot["lock"] = "edit"
    item = make_item(db, retailer)
    return item, templates.add_template(db, retailer.id, name="All", style=style, at=NOON, sections=sections)


def shown(db: Session, item: Item, *, locale: str = "en", **more: Any) -> str:
    return render_item_page(db, item_id=item.id, store_id=None, locale=locale, at=NOON, **more).html.decode()


def values_of(db: Session, template: PageTemplate, words: dict[str, str]) -> dict[str, Any]:
    version = db.scalars(select(TemplateVersion).where(TemplateVersion.template_id == template.id)).one()
    plain = [{**each, "slots": [slot for slot in each["slots"] if slot["kind"] in PLAIN]} for each in version.sections]
    return values_for(plain, words)


PLAIN = frozenset(("line", "text", "rich_text", "facts", "table", "files", "link"))


@pytest.mark.parametrize(
    ("kind", "marks"),
    [
        ("price", ('class="price"', '"offers"')),
        ("stock", ('class="spot"', "availability")),
        ("variants", ('name="variant"',)),
        ("headline", ("<h1>", '"brand"')),
    ],
)
def test_a_section_of_the_head_that_the_template_leaves_out_is_not_on_the_page(
    db: Session, kind: str, marks: tuple[str, ...]
) -> None:
    pages = []
    for kinds in (tuple(LIBRARY), tuple(each for each in LIBRARY if each != kind)):
        item, _ = make_full_page(db, Style.EVERYDAY, kinds)
        store = make_store(db, db.get_one(Retailer, item.retailer_id))
        for variant in list_variants(db, item.id):
            set_stock(db, variant, store, 5, as_of=NOON)
        publish_page(db, item)
        page = render_item_page(db, item_id=item.id, store_id=store.id, locale="en", at=NOON)
        pages.append(page.html.decode())

    full, bare = pages

    for mark in marks:
        assert mark in full
        assert mark not in bare
    assert "</h1>" in bare


def test_an_offers_words_in_another_language_say_which(db: Session) -> None:
    item, template = make_full_page(db, Style.EVERYDAY)
    publish_page(db, item, template=template)
    make_offer(db, item, headline={"en": "Ten off"}, terms={"en": "Once each."})

    arabic, english = shown(db, item, locale="ar"), shown(db, item)

    assert re.search('<bdi[^>]* lang="en">Ten off</bdi>', arabic)
    assert re.search('باللغة الإنجليزية فقط</p><p class="prose" dir="auto" lang="en">Once each.', arabic)
    assert 'lang="en">Once each.' not in english


def test_what_is_no_longer_sold_still_says_how_to_use_and_repair_it(db: Session) -> None:
    item, template = make_full_page(db, Style.EVERYDAY)
    db.add(RetailerHost(retailer_id=item.retailer_id, host="shop.example", proven_at=NOON))
    db.flush()
    publish_page(db, item, template=template, slots=values_of(db, template, {"en": "Words"}))
    item.is_retired = True
    db.flush()

    html = shown(db, item)

    assert "https://shop.example/manual.pdf" in html
    assert "Product passport" in html
    assert "Size guide" not in html


@pytest.mark.parametrize("style", list(Style))
def test_a_page_with_every_section_is_light(db: Session, style: Style) -> None:
    item, template = make_full_page(db, style)
    db.add(RetailerHost(retailer_id=item.retailer_id, host="shop.example", proven_at=NOON))
    db.flush()
    words = {"en": "How it runs", "ar": "كيف يقيس"}
    publish_page(db, item, template=template, slots=values_of(db, template, words))

    assert len(gzip.compress(shown(db, item).encode())) < 14_000


# --- nothing is alive, and nothing for staff reaches a shopper ---------------------------------------------------


def smuggle(db: Session, item: Item, text: str) -> None:
    """Put a text into every place of every slot behind the service's back; PostgreSQL keeps no NUL in it."""
    revision = db.scalars(select(Revision).where(Revision.retailer_id == item.retailer_id)).one()
    version = db.get_one(TemplateVersion, revision.template_version_id)
    slots = dict(revision.body["slots"])
    for section in version.sections:
        for slot in section["slots"]:
            if slot["kind"] in PLAIN:
                value = value_of(Kind(slot["kind"]), {"en": text.replace("\0", "")})
                slots[f"{section['key']}.{slot['key']}"] = value
    revision.body = {**revision.body, "slots": slots}
    db.flush()


@pytest.mark.parametrize("style", list(Style))
def test_sec_E01_nothing_in_a_further_section_is_alive(db: Session, style: Style) -> None:
    item, template = make_full_page(db, style)
    db.add(RetailerHost(retailer_id=item.retailer_id, host="shop.example", proven_at=NOON))
    db.flush()
    publish_page(db, item, template=template, slots=values_of(db, template, {"en": "Words"}))
    assert "Size guide" in shown(db, item)

    for text in OURS:
        smuggle(db, item, text)

        assert live_in(shown(db, item)) == [], text


@pytest.mark.parametrize("style", list(Style))
def test_sec_E01_an_address_that_was_smuggled_in_leads_nowhere(db: Session, style: Style) -> None:
    item, template = make_full_page(db, style)
    page = publish_page(db, item, template=template)
    revision = db.get_one(Revision, page.revision_id)
    for url in (
        "javascript:alert(1)",
        "JaVaScRiPt:x",
        "data:text/html,x",
        "//evil.test",
        "http://x",
        'https://x"onclick=x',
    ):
        bad = {"url": url, "words": {"en": "Here"}, "name": {"en": "Here"}}
        slots = {"signup.link": bad, "contact.link": bad, "question.link": bad, "downloads.files": [bad]}
        revision.body = {**revision.body, "slots": {**revision.body["slots"], **slots}}
        db.flush()

        assert live_in(shown(db, item)) == [], url


@pytest.mark.shared_data
@pytest.mark.parametrize("style", list(Style))
def test_sec_E01_nothing_of_the_long_lists_is_alive(db: Session, shared_data: Path, style: Style) -> None:
    attacks = strings_in(shared_data)
    item, template = make_full_page(db, style, ("gallery", "headline", "story", *NEW, "staff"))
    publish_page(db, item, template=template)
    assert len(attacks) > 300

    for start in range(0, len(attacks), 60):
        smuggle(db, item, "\n\n".join(attacks[start : start + 60])[:9_000])
        html = shown(db, item)
        assert live_in(html) == []
        assert f"<{TELL_TAG}" not in html
        assert TELL_SUM not in html


SECRET = "Zibelinenfloor"


@pytest.mark.parametrize("style", list(Style))
def test_what_associates_read_is_in_no_byte_of_a_shoppers_page(db: Session, style: Style) -> None:
    """On the page, in its data for search engines, in a preview and of an item that is no longer sold."""
    item, template = make_full_page(db, style)
    version = db.scalars(select(TemplateVersion).where(TemplateVersion.template_id == template.id)).one()
    sections = json.loads(json.dumps(version.sections))
    hidden = [("line", "line"), ("text", "text"), ("rich", "rich_text"), ("facts", "facts"), ("table", "table")]
    for section in sections:
        section["slots"] += [
            {"key": f"own_{key}", "kind": kind, "lock": "edit", "label": "Own", "audience": "staff", "max_chars": 99}
            for key, kind in hidden
        ]
    templates.release_version(db, template, sections, at=NOON)
    secret = {
        f"{section['key']}.{slot['key']}": value_of(Kind(slot["kind"]), {"en": SECRET, "ar": SECRET})
        for section in sections
        for slot in section["slots"]
        if section["kind"] == "staff" or slot.get("audience") == "staff"
    }
    page = publish_page(db, item, template=template, slots=secret)
    revision = db.get_one(Revision, page.revision_id)
    assert str(revision.body).count(SECRET) > 100

    for locale in ("en", "ar"):
        assert SECRET not in shown(db, item, locale=locale)
        assert SECRET not in shown(db, item, locale=locale, revision=revision, is_preview=True)
    item.is_retired = True
    db.flush()
    assert SECRET not in shown(db, item)


def test_the_label_of_a_staff_section_is_not_told_either(db: Session) -> None:
    item, template = make_full_page(db, Style.EVERYDAY)
    publish_page(db, item, template=template, slots={"staff.selling": {"en": SECRET}})

    html = shown(db, item)

    assert not re.search("For associates|Selling points|Fit advice|What to ask", html)


def test_what_a_page_is_made_from_has_none_of_it_however_it_is_made() -> None:
    sections = [LIBRARY["staff"].begin("staff"), LIBRARY["care"].begin("care")]

    source = Source(sections, {"staff.fit": {"en": SECRET}, "care.text": {"en": "Wash"}}, (), "en", ("en",))

    assert SECRET not in repr(source)
    assert not source.has("staff")
