"""Films and sounds on pages: whose, how long, with which words, and that an approval seals all of it."""

import json
import re
from html.parser import HTMLParser

import pytest
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item
from qrmerch.content import drafts
from qrmerch.content.comparing import compare
from qrmerch.content.models import Revision, Style
from qrmerch.content.queries import get_version
from qrmerch.content.revisions import digest_of
from qrmerch.content.slots import read_slots
from qrmerch.errors import FormError
from qrmerch.jobs import Work
from qrmerch.media import films
from qrmerch.media.models import Asset, AssetKind, AssetState
from qrmerch.parties.models import Retailer, Vendor
from qrmerch.rendering.service import render_item_page
from tests.conftest import NOON
from tests.factories import (
    make_asset,
    make_film,
    make_item,
    make_retailer,
    make_revision,
    make_template,
    make_vendor,
    publish_page,
)


@pytest.fixture
def vendor(db: Session) -> Vendor:
    return make_vendor(db)


def make_page(
    db: Session, vendor: Vendor, *, style: Style = Style.EVERYDAY, locales: list[str] | None = None
) -> tuple[Retailer, Item]:
    retailer = make_retailer(db, locales=locales or ["en"])
    make_template(db, retailer, style=style)
    return retailer, make_item(db, retailer, vendor=vendor)


def shown(db: Session, item: Item, *, locale: str = "en") -> str:
    return render_item_page(
        db, item_id=item.id, store_id=None, locale=locale, at=NOON, base_url="https://shop.example"
    ).html.decode()


class Player(HTMLParser):
    """The elements of a page that play, with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("video", "audio", "source", "track") and not dict(attrs).get("srcset"):
            self.found.append((tag, dict(attrs)))


def test_a_film_waits_on_the_page_until_somebody_plays_it(db: Session, vendor: Vendor) -> None:
    _, item = make_page(db, vendor)
    film = make_film(db, vendor, transcript={"en": "Hello <b>you</b>.\nBye."})
    publish_page(db, item, slots={"film.video": [film.id], "film.words": {"en": "How it <i>moves</i>"}})

    html = shown(db, item)

    (video, said), (_, source), (_, track) = Player(html).found
    assert video == "video"
    assert (said["preload"], said["width"], said["height"]) == ("none", "1280", "720")
    assert {"controls", "playsinline"} <= said.keys()
    assert "autoplay" not in said
    assert str(said["poster"]).startswith("/media/") and str(said["poster"]).endswith(".jpeg")
    assert said["aria-label"] == "Film, 0:42"
    assert (source["type"], str(source["src"])[-4:]) == ("video/mp4", ".mp4")
    assert (track["kind"], track["srclang"], track["label"]) == ("captions", "en", "English")
    assert "default" in track
    assert "How it &lt;i&gt;moves&lt;/i&gt;" in html
    assert "Read it instead, 0:42" in html
    assert "<p>Hello &lt;b&gt;you&lt;/b&gt;.</p><p>Bye.</p>" in html


def test_a_sound_is_heard_on_an_editorial_page(db: Session, vendor: Vendor) -> None:
    _, item = make_page(db, vendor, style=Style.EDITORIAL)
    sound = make_film(db, vendor, kind=AssetKind.SOUND, transcript={"en": "Hello."})
    publish_page(db, item, slots={"sound.audio": [sound.id]})

    (audio, said), (_, source) = Player(shown(db, item)).found

    assert (audio, said["preload"], said["aria-label"]) == ("audio", "none", "Sound, 0:42")
    assert source["type"] == "audio/mp4"


def test_captions_in_the_language_of_the_page_are_shown_first(db: Session, vendor: Vendor) -> None:
    _, item = make_page(db, vendor, locales=["en", "ar"])
    film = make_film(db, vendor, captions={"en": "a" * 64, "ar": "b" * 64}, transcript={"en": "Hello.", "ar": "مرحبا"})
    publish_page(db, item, slots={"film.video": [film.id]})

    tracks = {
        locale: [
            (each["srclang"], "default" in each)
            for tag, each in Player(shown(db, item, locale=locale)).found
            if tag == "track"
        ]
        for locale in ("en", "ar")
    }

    assert tracks == {"en": [("en", True), ("ar", False)], "ar": [("ar", True), ("en", False)]}
    assert '<div class="prose" dir="rtl"><p>مرحبا</p>' in shown(db, item, locale="ar")


def test_search_engines_are_told_of_the_film(db: Session, vendor: Vendor) -> None:
    _, item = make_page(db, vendor)
    film = make_film(db, vendor, transcript={"en": "</script><script>alert(1)</script>"})
    publish_page(db, item, slots={"film.video": [film.id]})

    html = shown(db, item)

    told = json.loads(re.findall(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', html, re.DOTALL)[0])
    assert told["subjectOf"]["@type"] == "VideoObject"
    assert told["subjectOf"]["duration"] == "PT42S"
    assert re.fullmatch(r"https://shop\.example/media/\w{64}\.mp4", told["subjectOf"]["contentUrl"])
    assert "alert(1)</script>" not in html


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"state": AssetState.CHECKING}, "the film is still being made ready"),
        ({"state": AssetState.REFUSED}, "the film cannot be shown"),
        ({"captions": {}}, "the film has no captions in English. Add them, or say that nobody speaks."),
        ({"duration_ms": 200_000}, "the film is 3:20 long; 3:00 is the most here."),
    ],
)
def test_what_a_film_lacks_stands_in_the_way_of_sending(
    db: Session, vendor: Vendor, more: dict[str, object], sentence: str
) -> None:
    _, item = make_page(db, vendor)
    film = make_film(db, vendor, **more)  # type: ignore[arg-type]
    draft = make_revision(db, item, slots={"film.video": [film.id]})

    with pytest.raises(FormError) as refused:
        drafts.submit(db, draft, author_id=str(draft.author_id), at=NOON)

    assert refused.value.problems["film.video"].startswith(f"Film: {sentence}")


def test_a_film_in_which_nobody_speaks_may_be_sent(db: Session, vendor: Vendor) -> None:
    _, item = make_page(db, vendor)
    film = make_film(db, vendor, captions={}, is_speechless=True)

    draft = make_revision(db, item, slots={"film.video": [film.id]}, state="submitted")

    assert draft.digest


def test_only_ones_own_films_stand_in_a_slot_for_films(db: Session, vendor: Vendor) -> None:
    _, item = make_page(db, vendor, style=Style.EDITORIAL)
    film, picture = make_film(db, vendor), make_asset(db, vendor)
    others = {
        "a picture": ("film.video", [picture.id]),
        "a film among pictures": ("gallery.pictures", [film.id]),
        "a film as a sound": ("sound.audio", [film.id]),
        "another vendor's": ("film.video", [make_film(db, make_vendor(db)).id]),
        "two": ("film.video", [film.id, make_film(db, vendor).id]),
        "words": ("film.video", "https://www.youtube.com/watch?v=1"),
        "nobody's": ("film.video", ["0" * 36]),
    }

    for name, (slot, value) in others.items():
        with pytest.raises(FormError) as refused:
            make_revision(db, item, slots={slot: value})
        assert list(refused.value.problems) == [slot], name


def publish_page_of(db: Session, item: Item, film: Asset) -> Revision:
    publication = publish_page(db, item, slots={"film.video": [film.id]})
    return db.get_one(Revision, publication.revision_id)


def test_what_was_approved_stays_when_captions_words_and_front_change(db: Session, vendor: Vendor, work: Work) -> None:
    _, item = make_page(db, vendor)
    film = make_film(db, vendor, transcript={"en": "Approved words."})
    revision = publish_page_of(db, item, film)
    before = Player(shown(db, item)).found

    vtt = b"WEBVTT\n\n00:01.000 --> 00:02.000\nUnseen words\n"
    films.set_captions(db, film, "en", vtt, file_name="new.vtt", store=work.files)
    films.set_words(db, film, {"en": "Unseen words."}, is_speechless=False)
    films.choose_picture(db, film, make_asset(db, vendor))
    html = shown(db, item)

    assert Player(html).found == before
    assert "Approved words." in html
    assert "Unseen" not in html
    assert digest_of(revision.body) == revision.digest


def test_the_digest_covers_what_is_said_in_a_film(db: Session, vendor: Vendor) -> None:
    film = make_film(db, vendor)
    digests = set()
    for words in ("One thing.", "Another."):
        films.set_words(db, film, {"en": words}, is_speechless=False)
        revision = make_revision(db, make_page(db, vendor)[1], slots={"film.video": [film.id]}, state="submitted")
        digests.add(digest_of({**revision.body, "product": {}, "pictures": {}, "slots": {}}))

    assert len(digests) == 2


def test_a_reviewer_sees_what_is_said_in_a_film(db: Session, vendor: Vendor) -> None:
    _, item = make_page(db, vendor)
    film = make_film(db, vendor, transcript={"en": "Hello you."})
    before = publish_page_of(db, item, film)
    films.set_words(db, film, {"en": "Hello there."}, is_speechless=False)
    after = make_revision(db, item, slots={"film.video": [film.id]}, state="submitted")
    slots = read_slots(get_version(db, after.template_version_id).sections)

    first = {each.label: each for each in compare(slots, None, before.body, ["en"])}
    changes = {each.label: each for each in compare(slots, before.body, after.body, ["en"])}

    assert first["Film"].after == (film.id,)
    assert "".join(each.text for each in first["Film: captions"].pieces) == "Said in en."
    assert [(each.change, each.text) for each in changes["Film: transcript"].pieces if each.change != "same"] == [
        ("gone", "you"),
        ("new", "there"),
    ]
    assert "Film" not in changes


def test_a_film_that_is_gone_leaves_no_hole(db: Session, vendor: Vendor) -> None:
    _, item = make_page(db, vendor)
    film = make_film(db, vendor)
    publish_page_of(db, item, film)
    film.state = AssetState.REFUSED
    db.flush()

    assert Player(shown(db, item)).found == []
