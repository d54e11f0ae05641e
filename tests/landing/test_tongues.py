"""A shopper's way through a shop in each language we speak: on no page a sentence of ours is left in English."""

import re
from functools import cache
from html.parser import HTMLParser
from typing import Final

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.content.models import Style
from qrmerch.i18n import language_name
from qrmerch.messages.models import LinkKind
from qrmerch.outbox import OutboxMessage
from tests.browsing import Browser, find_form
from tests.landing.tongues import House, make_house
from tests.messages.shop import secret_in
from tests.test_words import ALIKE, CATALOGUES, ENGLISH, NAMES, PLACEHOLDER, messages_of

LANGUAGES: Final = [path.stem for path in CATALOGUES]
# What a machine reads, and the addresses of pages.
UNSAID: Final = {
    *("class", "id", "name", "value", "type", "href", "src", "srcset", "action", "formaction", "for", "form", "method"),
    *("lang", "dir", "hreflang", "rel", "media", "sizes", "style", "role", "autocomplete", "inputmode", "property"),
    *("d", "viewbox", "pattern", "popovertarget", "http-equiv", "charset", "enctype", "target", "loading", "decoding"),
    *("fill", "stroke", "preserveaspectratio"),
}
# Names of people and things, which are the same everywhere; and the way into the page in English.
OWN: Final = re.compile("Fashiontown|Riverside|Galleria|Marigold|Silver Cross|Cobalt|Indigo|Sunny Side|Ines|English")


class Words(HTMLParser):
    """Collects what a page says to somebody: its text, and what attributes hold for ears and scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._is_code = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_code = tag in ("style", "script")
        content = [] if tag == "meta" and ("name", "description") not in attrs else ["content"]
        told = {name: value or "" for name, value in attrs if name not in UNSAID}
        self.said += [value for name, value in told.items() if name in content or name != "content"]

    def handle_endtag(self, tag: str) -> None:
        self._is_code = False

    def handle_data(self, data: str) -> None:
        if not self._is_code:
            self.said.append(" ".join(data.split()))


@cache
def english_for(language: str) -> re.Pattern[str]:
    """Any of our sentences in English as a whole, whatever stands in its places; not those that are the same."""
    path = next(each for each in CATALOGUES if each.stem == language)
    forms = {form for each in messages_of(path) for form in (each.id if each.pluralizable else (each.id,))}
    worded = {form for form in forms - ALIKE[language] if re.search("[a-z]", PLACEHOLDER.sub("", form))}
    return re.compile("|".join(sorted(".+".join(map(re.escape, PLACEHOLDER.split(form))) for form in worded)))


def left_in_english(html: str, language: str) -> list[str]:
    """What of a page is a sentence of ours in English, or has an English word in it."""
    reader = Words()
    reader.feed(html)
    reader.close()
    said = [OWN.sub("", NAMES.sub("", each)) for each in reader.said if not each.startswith("/")]
    return [each for each in said if english_for(language).fullmatch(each.strip()) or ENGLISH.search(each)]


def pages_of(browser: Browser, db: Session, house: House) -> dict[str, str]:
    """A shopper's way through the shop: what each page said, in the order they came."""
    seen: dict[str, str] = {}

    def look(address: str, status: int = 200) -> str:
        page = browser.get(address)
        assert page.status_code == status, f"{address}: {page.status_code}"
        seen[address] = page.text
        return page.text

    def send(page: str, end: str, **said: str) -> str:
        form = find_form(page, end)
        answer = browser.post(form.action, {**form.fields, **said})
        address = answer.headers["Location"] if answer.status_code == 303 else form.action
        seen[f"{address} after {end}"] = text = (browser.follow(answer) if answer.status_code == 303 else answer).text
        return text

    everyday, of = house.items[Style.EVERYDAY], "of=fashiontown"
    for token in house.tokens.values():
        look(f"/q/{token}")
    for item in (*house.items.values(), house.bare, house.gone, house.retired):
        look(house.page(item))
        look(f"/i/{item.public_id}?at=none")
    look(f"/i/{everyday.public_id}")
    page = house.page(everyday)
    token = house.tokens[Style.EVERYDAY]
    slip = token[:-1] + ("2" if token[-1] != "2" else "3")
    for wrong in (slip, token[:-1], "unbekannt-99", token[0], f"{token[:4]}*{token[5:]}"):
        seen[wrong] = browser.get(f"/q/{wrong}").text
    for path in ("/", "/help", "/privacy", "/my", f"/store/{house.store.public_id}"):
        look(f"{path}?{of}" if "store" not in path else path)
    look(f"/?{of}&find=marigold")
    look(f"/?{of}&find=zzz")
    look(f"/i/{everyday.public_id}/where")
    look(f"/i/{everyday.public_id}/where?find=nowhere")
    look(f"/compare?i={everyday.public_id}&i={house.gone.public_id}")
    look(f"/compare?{of}")
    look(f"/i/{everyday.public_id}/reviews?at={house.store.public_id}")
    at = {"at": house.store.public_id, "lang": house.retailer.default_locale}
    review = look(f"/i/{everyday.public_id}/review?at={house.store.public_id}")
    send(review, "/review", stars="", text="")
    send(review, "/review", stars="4", text="§")
    seen["share"] = browser.follow(browser.post(f"/i/{everyday.public_id}/share", at)).text
    for item in (everyday, house.gone):
        browser.post(f"/i/{item.public_id}/keep", {**at, "keep": "yes"})
    look(f"/my?{of}")
    claim = {**at, "offer": house.offer.public_id, "v": ""}
    seen["pass"] = browser.follow(browser.post(f"/i/{everyday.public_id}/claim", claim)).text
    look(f"/my?{of}")
    look(page)
    _pages_of_mails(browser, db, house, seen)
    return seen


def _pages_of_mails(browser: Browser, db: Session, house: House, seen: dict[str, str]) -> None:
    """Asking for news and for one message; the mails, and the pages their links lead to."""
    tell = browser.get(f"/i/{house.gone.public_id}/tell?at={house.store.public_id}").text
    sign_up = browser.get("/sign-up?of=fashiontown").text
    seen |= {"tell": tell, "sign up": sign_up}
    for page, end in ((tell, "/tell"), (sign_up, "/sign-up")):
        form = find_form(page, end)
        seen[f"{end} refused"] = browser.post(form.action, {**form.fields, "email": "none", "pick": ""}).text
        pick = {"pick": "s"} if end == "/tell" else {}
        asked = browser.post(form.action, {**form.fields, **pick, "email": f"ann{len(end)}@example.com"})
        seen[f"{end} sent"] = browser.follow(asked).text
    mails = list(db.scalars(select(OutboxMessage).where(OutboxMessage.contact_id.is_not(None))))
    db.commit()
    assert len(mails) == 2
    for number, mail in enumerate(mails):
        seen |= {f"mail {number}": mail.body.replace("http://localhost/", ""), f"subject {number}": mail.subject}
        confirm, stop = (f"/{word}/{secret_in(mail.body, kind)}" for word, kind in _LINKS.items())
        asked, stopping = browser.get(confirm).text, browser.get(stop).text
        said = browser.post(find_form(asked, "/confirm").action).text
        again = browser.get(confirm).text
        form = find_form(stopping, "/u/")
        stopped = browser.post(form.action, form.fields).text
        for name, page in [("asked", asked), ("said", said), ("again", again), ("stop", stopping), ("end", stopped)]:
            seen[f"{name} {number}"] = page


_LINKS: Final = {"confirm": LinkKind.CONFIRM, "u": LinkKind.STOP}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_is_left_in_english(language: str, browser: Browser, db: Session) -> None:
    pages = pages_of(browser.another(language=language), db, make_house(db, language))

    assert {name: found for name, page in pages.items() if (found := left_in_english(page, language))} == {}
    html = [page for page in pages.values() if page.startswith("<!doctype html>")]
    assert len(html) > 30 and all(f'<html lang="{language}"' in page for page in html)


@pytest.mark.parametrize(
    ("locale", "phone", "size", "stock", "button"),
    [
        ("de-CH", "de-AT", "Grösse und Farbe", "Hier vorrätig, in Riverside", "Code für 10% holen"),
        ("de-AT", "de", "Größe und Farbe", "Hier vorrätig, in Riverside", "Code für 10\u00a0% holen"),
        ("fr-CA", "fr-FR", "Taille et couleur", "En stock ici, à Riverside", "Obtenir le code 10\u00a0%"),
        ("es-MX", "es-419", "Talla y color", "Disponible aquí, en Riverside", "Pedir código de 10%"),
    ],
)
def test_a_countrys_page_has_its_languages_words(
    locale: str, phone: str, size: str, stock: str, button: str, browser: Browser, db: Session
) -> None:
    house = make_house(db, locale)

    page = browser.another(language=phone).get(house.page(house.items[Style.EVERYDAY])).text
    english = browser.get(house.page(house.items[Style.EVERYDAY])).text

    assert f'<html lang="{locale}"' in page
    assert size in page and stock in page and button in page
    assert f'hreflang="{locale}">{language_name(locale)}</a>' in english
