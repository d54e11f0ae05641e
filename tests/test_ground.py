"""The ground: text from outside, money, numbers of GS1, ids, the audit chain, idempotency, limits, files."""

import io
import unicodedata
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from qrmerch import audit, idempotency, ids, limits
from qrmerch.audit import AuditEntry
from qrmerch.errors import NotFound, TooLarge, TooMany
from qrmerch.files import FileStore, replace_file
from qrmerch.gs1 import check_digit, gtin_problem, is_gtin
from qrmerch.i18n import (
    direction,
    format_percent,
    in_sentence,
    language_name,
    negotiate,
    speaks,
    translator,
)
from qrmerch.money import format_money, parse_money
from qrmerch.outbox import Channel, list_messages, post
from qrmerch.text import clean_block, clean_line, rich_text, spreadsheet_cell, whole_number
from qrmerch.web import local_address, parse_form_instant
from tests.conftest import NOON
from tests.factories import make_retailer
from tests.tampering import allow_tampering

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  two\t words\n", "two words"),
        ("e\u0301", "é"),
        ("pay\u202egnirts", "pay gnirts"),
        ("zero\u0000byte", "zero byte"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_a_line_is_clean(given: str, kept: str) -> None:
    assert clean_line(given, 40) == kept


BLANKS = ("\u115f", "\u1160", "\u3164", "\uffa0", "\u2800", "\u034f", "\u200d", "\u200c")


@pytest.mark.parametrize("blank", BLANKS, ids=ascii)
def test_what_shows_nothing_is_no_line_and_counts_as_space_at_its_ends(blank: str) -> None:
    assert clean_line(blank, 40) == clean_line(f" {blank} {blank}", 40) == ""
    assert clean_line(f"{blank} {blank}Top {blank}", 3) == "Top"
    assert clean_block(f"Top{blank}\n{blank}\n{blank}Cap", 40) == "Top\n\nCap"


# A letter that NFC writes as two characters, as Hindi, Hebrew and Punjabi have them.
@pytest.mark.parametrize("letter", ["\u0958", "\ufb2c", "\u0a33"], ids=ascii)
def test_a_letter_that_becomes_two_characters_is_not_too_long(letter: str) -> None:
    assert clean_block(f"{letter}\n{letter}{letter}", 40) == unicodedata.normalize("NFC", f"{letter}\n{letter}{letter}")


@pytest.mark.parametrize("line", ["\u0301", "\ufe0f", "\u115f\u0301\u115f"], ids=ascii)
def test_an_accent_without_its_letter_is_no_line(line: str) -> None:
    assert clean_line(line, 40) == ""


@pytest.mark.parametrize(
    "line",
    [
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "❤\ufe0f\u200d\U0001f525",
        "کتاب\u200cها",
        "क्\u200dष",
        "\u2803\u2800\u2803",
        "!",
        "5",
    ],
    ids=ascii,
)
def test_joiners_and_blanks_inside_a_line_stay(line: str) -> None:
    assert clean_line(line, 40) == line


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("007", 7), ("99", 99), ("100", 99), ("9" * 5000, 99), ("0" * 5000 + "5", 5), ("0" * 5000, 0)],
    ids=lambda each: str(each)[:6],
)
def test_a_number_is_read_however_long_it_is(text: str, number: int) -> None:
    assert whole_number(text, most=99) == number


@pytest.mark.parametrize("text", ["", " 5", "-5", "+5", "5.0", "1_0", "٥", "²", "five"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert whole_number(text, most=99) is None


@pytest.mark.parametrize("text", ["0001-01-01T00:00", "1999-12-31T23:59", "2200-01-01T00:00", "9999-12-31T23:59", "x"])
def test_an_instant_in_a_form_is_one_that_can_be_planned(text: str) -> None:
    with pytest.raises(ValueError):
        parse_form_instant(text, "America/New_York")


def test_an_instant_in_a_form_is_of_the_houses_time_zone() -> None:
    assert parse_form_instant("2026-11-18T12:00", "America/New_York") == NOON
    assert parse_form_instant("2199-12-31T23:59", "America/New_York") is not None
    assert parse_form_instant(" ", "America/New_York") is None


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](//evil.example)",
        "[x](data:text/html,1)",
        "<img src=x onerror=alert(1)>",
        "![x](https://evil.example/pixel.png)",
        "**<svg onload=alert(1)>**",
    ],
)
def test_sec_e01_rich_text_has_nothing_that_lives(source: str) -> None:
    html = rich_text(source)

    assert "<script" not in html and "<img" not in html and "<svg" not in html
    assert 'href="javascript' not in html and 'href="data' not in html and 'href="//' not in html


@pytest.mark.parametrize("text", ["=1+1", "+1;2", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_sec_e05_no_cell_is_a_formula(text: str) -> None:
    assert spreadsheet_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-5", "+4.5", "12,50", "word"])
def test_a_plain_number_stays_one(text: str) -> None:
    assert spreadsheet_cell(text) == text


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("28", "USD", 2800), ("28.00", "USD", 2800), ("1,234.50", "USD", 123450), ("45,06", "EUR", 4506), ("5", "JPY", 5)],
)
def test_an_amount_is_read(text: str, currency: str, minor: int) -> None:
    assert parse_money(text, currency) == minor


@pytest.mark.parametrize("text", ["", "free", "-1", "1.005", "NaN", "Infinity", "99999999999999"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_money(text, "USD")


def test_money_is_written_as_its_readers_write_it() -> None:
    assert format_money(2800, "USD", "en") == "$28.00"
    assert format_money(2800, "EUR", "de").replace("\u00a0", " ") == "28,00 €"


def test_a_wrong_check_digit_says_the_right_one() -> None:
    assert is_gtin("09506000136011")
    assert "should be 1" in (gtin_problem("09506000136012") or "")
    assert check_digit("0950600013601") == "1"


@pytest.mark.parametrize("text", ["٠٩٥٠٦٠٠٠١٣٦٠١١", "4.00638E+12", "123", "95060001360110000"])
def test_what_is_no_gtin_is_named(text: str) -> None:
    assert gtin_problem(text)


def test_ids_inside_are_ordered_and_outside_tell_nothing() -> None:
    inside = [ids.new() for _ in range(50)]

    assert inside == sorted(inside)
    assert len({ids.public()[:4] for _ in range(200)}) > 150


@pytest.mark.parametrize(
    ("header", "chosen"),
    [("ar", "ar"), ("ar-SA,ar;q=0.9,en;q=0.8", "ar"), ("en;q=0.1, ar;q=0.2", "ar"), ("de", "en"), ("q=,;;x", "en")],
)
def test_the_language_is_the_one_liked_best(header: str, chosen: str) -> None:
    assert negotiate(header, ["en", "ar"]) == chosen


def test_arabic_runs_from_the_right() -> None:
    assert direction("ar") == "rtl"


@pytest.mark.parametrize(
    ("locale", "size", "name", "arabic"),
    [
        ("de-AT", "Größe", "Deutsch (Österreich)", "Arabisch"),
        ("de-CH", "Grösse", "Deutsch (Schweiz)", "Arabisch"),
        ("fr-CA", "Taille", "Français (Canada)", "arabe"),
        ("es-MX", "Talla", "Español (México)", "árabe"),
        ("es-419", "Talla", "Español (Latinoamérica)", "árabe"),
        ("en-GB", "Size", "English (United Kingdom)", "Arabic"),
        ("pt-BR", "Size", "Português (Brasil)", "árabe"),
    ],
)
def test_a_countrys_way_of_a_language_has_its_words(locale: str, size: str, name: str, arabic: str) -> None:
    assert (translator(locale)("Size"), language_name(locale), language_name("ar", locale)) == (size, name, arabic)
    assert speaks(locale) == (not locale.startswith("pt"))


@pytest.mark.parametrize(
    ("locale", "noun", "inside"), [("de-CH", "Farbe", "Farbe"), ("fr", "Couleur", "couleur"), ("en", "Color", "color")]
)
def test_a_noun_is_large_in_a_sentence_where_the_language_writes_it_so(locale: str, noun: str, inside: str) -> None:
    assert in_sentence(noun, locale) == inside


def test_so_many_of_a_hundred_are_written_as_a_country_does() -> None:
    assert [format_percent(15, locale) for locale in ("en", "ar", "de", "fr-CA", "es-MX")] == [
        "15%",
        "15%",
        "15\u00a0%",
        "15\u00a0%",
        "15%",
    ]


# The list of bad targets of SECURITY_CHECKS D05.
@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
        "http:evil.example", "/\tevil", "evil.example", "///evil.example", "/\r\nLocation: x", "data:text/html,x", "",
    ],
)  # fmt: skip
def test_sec_d05_nobody_is_sent_elsewhere(target: str) -> None:
    assert local_address(target, "/desk") == "/desk"


def test_a_path_of_ours_is_followed() -> None:
    assert local_address("/desk/items?find=top") == "/desk/items?find=top"


# --- the audit chain ---------------------------------------------------------------------------------


def fill(db: Session, count: int) -> None:
    for number in range(count):
        audit.record(db, None, "item.retire", ("item", str(number)), at=NOON, retailer_id=None, detail={"n": number})


def test_an_untouched_chain_is_whole(db: Session) -> None:
    fill(db, 5)

    assert audit.find_break(db, "") is None


def test_a_changed_entry_breaks_the_chain(db: Session) -> None:
    fill(db, 5)
    allow_tampering(db)
    db.execute(update(AuditEntry).where(AuditEntry.number == 3).values(action="item.unretire"))
    db.expire_all()

    assert audit.find_break(db, "") == 3


def test_a_missing_entry_breaks_the_chain(db: Session) -> None:
    fill(db, 5)
    allow_tampering(db)
    db.delete(db.scalars(select(AuditEntry).where(AuditEntry.number == 2)).one())
    db.flush()

    assert audit.find_break(db, "") == 2


# --- once, and not too often -------------------------------------------------------------------------


def test_the_same_request_gets_the_same_answer(db: Session) -> None:
    body: dict[str, object] = {"code": "A"}
    idempotency.remember(db, caller="till", key="k", body=body, status=200, answer={"ok": 1}, at=NOON)

    stored = idempotency.replay(db, caller="till", key="k", body=body)

    assert stored is not None and stored.answer == {"ok": 1}
    assert idempotency.replay(db, caller="another", key="k", body=body) is None
    with pytest.raises(idempotency.KeyUsedDifferently):
        idempotency.replay(db, caller="till", key="k", body={"code": "B"})


def test_answers_are_forgotten_after_a_day_but_those_kept_for_ever(db: Session) -> None:
    for key, for_ever in (("a", False), ("b", True)):
        idempotency.remember(db, caller="till", key=key, body={}, status=200, answer={}, at=NOON, for_ever=for_ever)

    idempotency.forget_old(db, at=NOON + timedelta(hours=24))

    assert idempotency.replay(db, caller="till", key="a", body={}) is None
    assert idempotency.replay(db, caller="till", key="b", body={}) is not None


def test_tries_run_out_and_come_back_evenly(db: Session) -> None:
    for _ in range(6):
        limits.take(db, "door", limit=6, per=HOUR, at=NOON)

    with pytest.raises(TooMany) as refused:
        limits.take(db, "door", limit=6, per=HOUR, at=NOON)
    limits.take(db, "door", limit=6, per=HOUR, at=NOON + HOUR / 6)

    assert refused.value.retry_after == HOUR / 6
    with pytest.raises(TooMany):
        limits.check(db, "door", limit=6, per=HOUR, at=NOON + HOUR / 6)


# --- files and messages --------------------------------------------------------------------------------


def test_sec_f07_no_name_from_outside_reaches_the_disk(tmp_path: Path) -> None:
    store = FileStore(tmp_path)

    for key in ("../../etc/passwd", "incoming/../x", "incoming/" + "g" * 64, "/incoming/" + "0" * 64, ""):
        with pytest.raises(NotFound):
            store.path(key)


def test_a_file_that_is_too_large_leaves_nothing(tmp_path: Path) -> None:
    store = FileStore(tmp_path)

    with pytest.raises(TooLarge):
        store.put(io.BytesIO(b"x" * 1001), "incoming", max_bytes=1000)

    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_file_that_cannot_be_put_in_its_place_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "state.json").mkdir()

    with pytest.raises(OSError):
        replace_file(tmp_path / "state.json", b"{}")

    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_the_same_bytes_are_one_file(tmp_path: Path) -> None:
    store = FileStore(tmp_path)

    assert store.put(io.BytesIO(b"same"), "incoming") == store.put(io.BytesIO(b"same"), "incoming")
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_sec_h03_an_error_of_the_database_says_nothing_of_what_was_written(db: Session) -> None:
    with pytest.raises(DBAPIError) as refused:
        db.execute(text("UPDATE contact SET mail = :email"), {"email": "ann@example.com"})

    assert "contact" in str(refused.value)
    assert "ann@example.com" not in str(refused.value)


def test_erased_rows_are_overwritten(db: Session) -> None:
    if db.get_bind().dialect.name == "sqlite":
        assert db.scalar(text("PRAGMA secure_delete")) == 1


def test_sec_e06_no_line_break_reaches_a_header(db: Session) -> None:
    retailer = make_retailer(db)

    for to, subject in (
        ("a@example.com\nBcc: b@example.com", "hello"),
        ("a@example.com", "hello\r\nBcc: b@example.com"),
    ):
        with pytest.raises(ValueError):
            post(db, retailer_id=retailer.id, channel=Channel.MAIL, to=to, subject=subject, body="", at=NOON)

    assert not list_messages(db, retailer_id=retailer.id)
