"""A published page as shoppers get it: what stands in its slots, in whose words, and that none of it is alive."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.catalog.queries import get_product
from qrmerch.content import drafts, templates
from qrmerch.content.models import PageTemplate, Revision, Style
from qrmerch.content.queries import get_newest_version
from qrmerch.content.shipped import sections_of
from qrmerch.media.models import Asset
from qrmerch.parties.models import Retailer, Vendor
from qrmerch.rendering.service import render_item_page
from tests.conftest import NOON
from tests.factories import make_asset, make_item, make_retailer, make_revision, make_store, make_template, publish_page

OURS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](data:text/html;base64,PHNjcmlwdD4=)",
    '[a](https://fashiontown.example/" onmouseover="alert(1))',
    "</p></div><svg/onload=alert(1)>",
    "![x](https://evil.test/x.png)",
    "<a href='https://evil.test'>x</a>",
    "{{7*7}}{% raw %}{{config}}",
    "</script><script>alert(1)</script>",
    "\u2028</style><style>*{}",
)


def make_page(
    db: Session, *, style: Style = Style.EVERYDAY, locales: list[str] | None = None
) -> tuple[Retailer, Item, PageTemplate]:
    retailer = make_retailer(db, locales=locales or ["en"])
    item = make_item(db, retailer)
    return retailer, item, make_template(db, retailer, style=style)


def shown(db: Session, item: Item, *, locale: str = "en") -> str:
    return render_item_page(db, item_id=item.id, store_id=None, locale=locale, at=NOON).html.decode()


class Live(HTMLParser):
    """Collects what could do something: elements and attributes that a page of ours never takes from a text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag in ("iframe", "object", "embed", "base", "math", "template", "video", "audio", "noscript"):
            self.found.append(tag)
        # The page's own is the one for a review.
        if tag == "textarea" and said.get("id") != "r-text":
            self.found.append(tag)
        if tag == "script" and said.get("type") != "application/ld+json" and "src" not in said:
            self.found.append("script")
        if tag == "img" and not str(said.get("src", "")).startswith(("/media/", "data:image/")):
            self.found.append(f"img {said.get('src')}")
        self.found += [f"{tag} {name}" for name in said if name.startswith("on") or name in ("style", "srcdoc")]
        if tag == "a":
            self.links.append(str(said.get("href", "")))


def live_in(html: str) -> list[str]:
    reader = Live()
    reader.feed(html)
    reader.close()
    bad_links = [
        each for each in reader.links if not re.match(r"(/|#|https://|mailto:|tel:|$)", each) or each.startswith("//")
    ]
    return reader.found + bad_links


def smuggle(db: Session, revision: Revision, text: str) -> None:
    """Put a text into every slot behind the service's back, as a fault elsewhere might."""
    words = {"en": text}
    revision.body = {
        **revision.body,
        "slots": {
            **revision.body["slots"],
            "story.lede": words,
            "story.text": words,
            "care.text": words,
            "facts.rows": [{"name": words, "value": words}, {"name": text, "value": text}],
            "facts.fit": text,
        },
        "product": {"title": text, "maker": text, "facts": [{"name": text, "value": text}]},
        "pictures": {key: {"alt": words} for key in revision.body["pictures"]},
    }
    db.flush()


@pytest.mark.parametrize("style", list(Style))
def test_sec_E01_nothing_in_any_slot_is_alive_on_the_page(db: Session, style: Style) -> None:
    _retailer, item, template = make_page(db, style=style)
    page = publish_page(db, item, template=template)
    clean = shown(db, item)

    for text in OURS:
        smuggle(db, db.get_one(Revision, page.revision_id), text)
        templates.set_fixed(db, template, "legal.text", {"en": text[:600]}, at=NOON, actor=None)

        assert live_in(shown(db, item)) == live_in(clean) == [], text


@pytest.mark.shared_data
def test_sec_E01_nothing_of_a_long_list_of_attacks_is_alive(db: Session, shared_data: Path) -> None:
    attacks = [each["payload"] for each in json.loads((shared_data / "text" / "dompurify_expect.json").read_text())]
    _, item, _ = make_page(db)
    page = publish_page(db, item)
    revision = db.get_one(Revision, page.revision_id)
    assert len(attacks) > 100

    for start in range(0, len(attacks), 20):
        smuggle(db, revision, "\n\n".join(attacks[start : start + 20])[:9_000])
        assert live_in(shown(db, item)) == []


def test_the_reader_of_live_things_sees_them() -> None:
    assert live_in('<p onclick="x">') == ["p onclick"]
    assert live_in("<script>alert(1)</script>") == ["script"]
    assert live_in('<a href="javascript:x">') == ["javascript:x"]


def test_sec_E02_links_say_what_they_are(db: Session) -> None:
    _, item, template = make_page(db)
    publish_page(db, item)

    templates.set_fixed(db, template, "delivery.text", {"en": "[Returns](https://law.example/)"}, at=NOON, actor=None)

    assert '<a href="https://law.example/" rel="noopener nofollow ugc">Returns</a>' in shown(db, item)


def test_sec_E03_template_source_is_shown_as_typed(db: Session) -> None:
    _, item, _ = make_page(db)

    publish_page(db, item, slots={"story.lede": {"en": "{{7*7}} {% raw %}"}})

    assert "{{7*7}} {% raw %}" in shown(db, item)


def test_a_draft_shows_nothing_and_an_approval_alone_neither(db: Session) -> None:
    _, item, _ = make_page(db)
    make_revision(db, item, state="approved", slots={"story.lede": {"en": "Not yet"}})
    make_revision(db, item, state="submitted", slots={"story.lede": {"en": "Nor this"}})

    html = shown(db, item)

    assert "Not yet" not in html
    assert "Nor this" not in html
    assert "still being written" in html


def test_a_later_word_about_a_picture_waits_for_the_next_revision(db: Session) -> None:
    _, item, _ = make_page(db)
    asset = make_asset(db, db.get_one(Vendor, item.vendor_id), alt={"en": "Front view"})
    publish_page(db, item, slots={"gallery.pictures": [asset.id]})

    db.get_one(Asset, asset.id).alt = {"en": "Buy at sunnyside.example"}
    db.flush()

    html = shown(db, item)
    assert 'alt="Front view"' in html
    assert "sunnyside.example" not in html


def test_a_later_import_waits_for_the_next_revision(db: Session) -> None:
    _, item, _ = make_page(db)
    publish_page(db, item)
    product = get_product(db, item.product_id)
    product.maker, product.facts = "Somebody Else", [{"name": "Material", "value": "Nylon"}]
    product.texts = {"blurb": "New blurb"}
    db.flush()

    html = shown(db, item)

    assert "Cotton" in html
    assert "Somebody Else" not in html
    assert "Nylon" not in html


def test_a_choice_stands_among_the_facts_in_the_pages_language(db: Session) -> None:
    _, item, _ = make_page(db, locales=["en", "ar"])
    publish_page(db, item, slots={"facts.fit": "true_to_size"})

    assert "<dt>Fit</dt><dd><bdi>True to size</bdi></dd>" in _joined(shown(db, item))
    assert "مطابق للمقاس" in shown(db, item, locale="ar")


def test_a_row_takes_the_place_of_the_catalogues_of_that_name(db: Session) -> None:
    _, item, _ = make_page(db, locales=["en", "ar"])
    rows = [{"name": {"en": "Material", "ar": "الخامة"}, "value": {"en": "Organic cotton", "ar": "قطن عضوي"}}]

    publish_page(db, item, slots={"facts.rows": rows})

    english, arabic = _joined(shown(db, item)), _joined(shown(db, item, locale="ar"))
    assert english.count("<dt>Material</dt>") == 1
    assert "Organic cotton" in english
    assert "قطن عضوي" in arabic
    assert "Cotton" not in arabic.partition("<main")[2]


def test_words_missing_in_a_language_fall_back_to_the_first(db: Session) -> None:
    _, item, _ = make_page(db, locales=["en", "ar"])
    publish_page(db, item, slots={"story.lede": {"en": "Only English"}})

    assert "Only English" in shown(db, item, locale="ar")


def test_a_fixed_line_shows_at_once_on_what_is_live_already(db: Session) -> None:
    _, item, template = make_page(db)
    publish_page(db, item)
    before = shown(db, item)

    templates.set_fixed(db, template, "legal.text", {"en": "Recycled hangers only."}, at=NOON, actor=None)

    assert "Recycled hangers only." not in before
    assert "Recycled hangers only." in shown(db, item)


def test_a_slot_that_becomes_fixed_shows_the_retailers_words_on_older_pages(db: Session) -> None:
    _, item, template = make_page(db)
    publish_page(db, item, slots={"care.text": {"en": "The vendor’s care"}})
    sections = sections_of(Style.EVERYDAY)
    _slot(sections, "care")["lock"] = "fixed"
    templates.release_version(db, template, sections, at=NOON)

    templates.set_fixed(db, template, "care.text", {"en": "The house’s care"}, at=NOON, actor=None)

    html = shown(db, item)
    assert "The house’s care" in html
    assert "The vendor’s care" not in html


def test_a_slot_that_is_fixed_no_longer_shows_the_vendors_words(db: Session) -> None:
    _, item, template = make_page(db)
    templates.set_fixed(db, template, "legal.text", {"en": "The house’s print"}, at=NOON, actor=None)
    sections = sections_of(Style.EVERYDAY)
    _slot(sections, "legal")["lock"] = "edit"
    templates.release_version(db, template, sections, at=NOON)

    publish_page(db, item, slots={"legal.text": {"en": "The vendor’s print"}})

    html = shown(db, item)
    assert "The vendor’s print" in html
    assert "The house’s print" not in html


def test_the_words_of_a_plate_stand_under_its_picture(db: Session) -> None:
    _, item, template = make_page(db, style=Style.EDITORIAL)
    vendor = db.get_one(Vendor, item.vendor_id)
    first, second = make_asset(db, vendor), make_asset(db, vendor)
    slots: dict[str, Any] = {
        "plate_one.picture": [first.id],
        "plate_two.picture": [second.id],
        "plate_two.words": {"en": "Under the second"},
        "making.text": {"en": "By hand."},
    }

    publish_page(db, item, template=template, slots=slots)

    html = _joined(shown(db, item))
    assert html.count("<figcaption") == 1
    assert html.index("How it is made") < html.index("Under the second")


@pytest.mark.parametrize("style", list(Style))
def test_each_shipped_template_makes_a_page(db: Session, style: Style) -> None:
    retailer, item, template = make_page(db, style=style, locales=["en", "ar"])
    store = make_store(db, retailer)
    publish_page(db, item, template=template)

    for locale in ("en", "ar"):
        page = render_item_page(db, item_id=item.id, store_id=store.id, locale=locale, at=NOON)
        assert b"The loose knit that makes jeans look like a plan." in page.html
        assert f'data-style="{style}"'.encode() in page.html


def test_a_preview_is_of_the_revision_it_is_given_and_of_no_other(db: Session) -> None:
    _, item, template = make_page(db)
    publish_page(db, item, slots={"story.lede": {"en": "Live"}})
    draft = drafts.begin_draft(db, item, template, at=NOON)
    draft.body = {**draft.body, "slots": {"story.lede": {"en": "Only thought of"}}}

    page = render_item_page(
        db, item_id=item.id, store_id=None, locale="en", at=NOON, is_preview=True, revision=draft
    ).html.decode()

    assert "Only thought of" in page
    assert "Live" not in page.partition("<main")[2]
    assert "Only thought of" not in shown(db, item)
    assert get_newest_version(db, template.id).id == draft.template_version_id


def _slot(sections: list[dict[str, Any]], key: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in sections if each["key"] == key)["slots"][0]
    return found


def _joined(html: str) -> str:
    return re.sub(r">\s+<", "><", html)
