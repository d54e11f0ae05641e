"""Kept pages: how much of them, for how long, and what a start finds on the disk."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import brotli
import orjson
import pytest

from qrmerch.rendering.kept import BR, GZIP, PLAIN, KeptPage, PageKey, Pages, RenderedPage, choose_coding, is_same
from qrmerch.rendering.tightening import Tightening

AT_S = 1_790_000_000.0
BIG = 100_000
COMMON = (("X-Content-Type-Options", "nosniff"),)


def open_pages(folder: Path, *, max_bytes: int = 10_000_000, build: str = "one") -> Pages:
    pages = Pages(folder, max_bytes=max_bytes, build=build, common=COMMON)
    # As if the changes had just been read: what follows is not about a database that is away.
    pages.read_s = AT_S
    return pages


def key_of(name: str, *, store: str = "", locale: str = "en") -> PageKey:
    return PageKey(name, store, locale)


def keep(
    pages: Pages,
    name: str,
    *,
    html: bytes = b"<p>page",
    at_s: float = AT_S,
    lasts_s: float = 3600,
    as_of: int | None = None,
    others: tuple[str, ...] = (),
    key: PageKey | None = None,
) -> bool:
    until = datetime.fromtimestamp(at_s + lasts_s, UTC)
    rendered = RenderedPage(html, (("Content-Security-Policy", "default-src 'self'"),), until, name, others)
    page = pages.make(key or key_of(name), rendered, at_s=at_s)
    return pages.keep(page, as_of=pages.epoch if as_of is None else as_of)


def found(pages: Pages, names: Iterable[str], at_s: float = AT_S) -> list[str]:
    return [name for name in names if pages.find(key_of(name), at_s)]


def noise(size: int) -> bytes:
    return os.urandom(size // 2).hex().encode()


def test_memory_and_disk_are_bounded_in_bytes_and_the_one_kept_longest_goes_first(tmp_path: Path) -> None:
    pages = open_pages(tmp_path, max_bytes=BIG)
    names = [str(n) for n in range(20)]
    for name in names:
        keep(pages, name, html=noise(10_000))

    kept = found(pages, names)

    assert 2 <= len(kept) < len(names)
    assert kept == names[-len(kept) :]
    assert sum(path.stat().st_size for path in tmp_path.glob("*.page")) <= BIG


def test_a_page_kept_again_takes_its_place_once(tmp_path: Path) -> None:
    pages = open_pages(tmp_path, max_bytes=BIG)
    for _ in range(30):
        keep(pages, "again", html=noise(10_000))
    keep(pages, "other", html=noise(10_000))

    assert found(pages, ["again", "other"]) == ["again", "other"]


def test_a_page_larger_than_the_memory_is_kept_alone(tmp_path: Path) -> None:
    pages = open_pages(tmp_path, max_bytes=1000)
    keep(pages, "small")

    assert keep(pages, "large", html=noise(BIG))
    assert found(pages, ["small", "large"]) == ["large"]


def test_a_restart_is_warm_to_the_last_byte(tmp_path: Path) -> None:
    before = open_pages(tmp_path)
    html = b"<p>caf\xc3\xa9\n\n" * 50
    keep(before, "top", html=html, others=("sandal",))
    old = before.find(key_of("top"), AT_S)

    page = open_pages(tmp_path).find(key_of("top"), AT_S)

    assert page == old
    assert page is not None
    assert page.item_ids == ("top", "sandal")
    assert page.variants[PLAIN].body[0] == html == brotli.decompress(page.variants[BR].body[0])
    assert COMMON[0] in page.variants[GZIP].headers


def test_a_restart_forgets_the_page_kept_longest_first(tmp_path: Path) -> None:
    before = open_pages(tmp_path)
    names = [str(n) for n in range(12)]
    for n, name in enumerate(names):
        keep(before, name, html=noise(10_000), at_s=AT_S + n)

    after = open_pages(tmp_path, max_bytes=BIG)

    kept = found(after, names, AT_S + 20)
    assert kept
    assert kept == names[-len(kept) :]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1],
        lambda data: data[: len(data) // 3],
        lambda data: b"",
        lambda data: b"[]\n",
        lambda data: b'{"key":["a"],"lengths":[0,0,0]}\n',
        lambda data: data.replace(b'"rendered":', b'"rendered":"soon","was":', 1),
        lambda data: data.replace(b'"headers":[[', b'"headers":[["one"],[', 1),
        lambda data: data.replace(b'"key":["', b'"key":[7,"', 1),
    ],
    ids=["one byte short", "head torn", "empty", "a list", "another form", "no instant", "no header", "no key"],
)
def test_a_file_that_is_not_whole_is_as_good_as_none(spoil: object, tmp_path: Path) -> None:
    before = open_pages(tmp_path)
    for name in ("torn", "whole"):
        keep(before, name)
    path = before._path(key_of("torn"))
    path.write_bytes(spoil(path.read_bytes()))  # type: ignore[operator]

    after = open_pages(tmp_path)

    assert found(after, ["torn", "whole"]) == ["whole"]
    assert not path.exists()


def test_a_start_while_another_worker_writes_is_a_start(tmp_path: Path) -> None:
    keep(open_pages(tmp_path), "top")
    # A name that is listed and gone when it is asked for: a half-written page that found its place meanwhile.
    (tmp_path / "0123456789ab.4711-123456789").symlink_to(tmp_path / "gone")
    old, fresh = tmp_path / "0123456789ab.4712-1", tmp_path / "0123456789ab.4712-2"
    for path in (old, fresh):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))

    after = open_pages(tmp_path)

    assert found(after, ["top"]) == ["top"]
    assert (old.exists(), fresh.exists()) == (False, True)


def test_a_page_of_another_build_is_a_stopgap(tmp_path: Path) -> None:
    keep(open_pages(tmp_path, build="one"), "top")

    after = open_pages(tmp_path, build="two")

    assert after.find(key_of("top"), AT_S) is None
    assert after.find_old(key_of("top")) is not None
    # With the database away it is better than nothing.
    assert after.find(key_of("top"), AT_S + 60) is not None


def test_a_page_ends_when_it_says_unless_the_database_is_away(tmp_path: Path) -> None:
    pages = open_pages(tmp_path)
    keep(pages, "top", lasts_s=10)

    assert pages.find(key_of("top"), AT_S + 9.9) is not None
    pages.read_s = AT_S + 10
    assert pages.find(key_of("top"), AT_S + 10) is None
    assert pages.find(key_of("top"), AT_S + 20) is not None


def test_a_page_begun_before_a_change_of_what_stands_on_it_is_not_kept(tmp_path: Path) -> None:
    pages = open_pages(tmp_path)
    begun = pages.epoch
    pages.drop(lambda page: False, item_ids=["sandal"])

    assert not keep(pages, "top", as_of=begun, others=("sandal",))
    assert not keep(pages, "sandal", as_of=begun)
    assert keep(pages, "another", as_of=begun)
    assert keep(pages, "top", as_of=pages.epoch, others=("sandal",))
    assert found(open_pages(tmp_path), ["top", "sandal", "another"]) == ["top", "another"]


def test_a_page_begun_before_a_change_of_everything_is_not_kept(tmp_path: Path) -> None:
    pages = open_pages(tmp_path)
    begun = pages.epoch
    pages.drop(lambda page: False, item_ids=None)

    assert not keep(pages, "top", as_of=begun)


def test_what_is_dropped_is_gone_from_the_disk_as_well(tmp_path: Path) -> None:
    pages = open_pages(tmp_path)
    for name in ("top", "sandal"):
        keep(pages, name)

    def is_top(page: KeptPage) -> bool:
        return page.key.item_id == "top"

    pages.drop(is_top, item_ids=["top"])

    for each in (pages, open_pages(tmp_path)):
        assert found(each, ["top", "sandal"]) == ["sandal"]


def test_a_disk_that_deletes_nothing_keeps_no_changed_page_in_memory(tmp_path: Path) -> None:
    pages = open_pages(tmp_path)
    names = ["top", "sandal", "hat"]
    for name in names:
        keep(pages, name)
        path = pages._path(key_of(name))
        path.unlink()
        path.mkdir()

    pages.drop(lambda page: True, item_ids=None)

    assert found(pages, names) == []


def test_what_expires_is_a_stopgap_and_what_is_newer_stands(tmp_path: Path) -> None:
    pages = open_pages(tmp_path)
    keep(pages, "old", at_s=AT_S - 10)
    keep(pages, "new", at_s=AT_S)
    begun = pages.epoch

    pages.expire(before_s=AT_S - 5)

    assert found(pages, ["old", "new"]) == ["new"]
    assert pages.find_old(key_of("old")) is not None
    assert not keep(pages, "begun before", as_of=begun)


def test_a_page_is_compressed_again_in_its_place_and_stays_as_it_was(tmp_path: Path) -> None:
    pages = open_pages(tmp_path)
    html = b"".join(b"<p class=row>%d of %d</p>" % (n, n * n) for n in range(3000))
    for name, at_s in (("first", AT_S), ("top", AT_S), ("new", AT_S + 100)):
        keep(pages, name, html=html, at_s=at_s, lasts_s=1e9)
    before = pages.find(key_of("top"), AT_S)

    done = [pages.tighten(before_s=AT_S + 60) for _ in range(3)]

    after, new = pages.find(key_of("top"), AT_S), pages.find(key_of("new"), AT_S + 100)
    assert done == [True, True, False]
    assert before and after and new
    assert (after.is_tight, new.is_tight) == (True, False)
    assert len(after.variants[BR].body[0]) < len(before.variants[BR].body[0])
    assert brotli.decompress(after.variants[BR].body[0]) == html
    assert dict(after.variants[BR].headers)["Content-Length"] == str(len(after.variants[BR].body[0]))
    assert after.variants[BR].etag == before.variants[BR].etag
    assert (after.until_s, after.rendered_s, after.variants[:2]) == (
        before.until_s,
        before.rendered_s,
        before.variants[:2],
    )
    assert pages.size == sum(page.size for page in pages._kept.values())
    assert open_pages(tmp_path).find(key_of("top"), AT_S) == after


def test_a_page_that_changed_while_it_was_compressed_again_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = open_pages(tmp_path)
    keep(pages, "top", html=b"<p>old" * 100, lasts_s=1e9)
    compress = brotli.compress

    def change_meanwhile(body: bytes, *, quality: int) -> bytes:
        pages.drop(lambda page: True, item_ids=["top"])
        return compress(body, quality=quality)

    monkeypatch.setattr("qrmerch.rendering.kept.brotli.compress", change_meanwhile)

    assert pages.tighten(before_s=AT_S + 60)

    assert found(pages, ["top"]) == []
    assert not list(tmp_path.glob("*.page"))


def test_what_is_only_a_stopgap_is_not_worth_it(tmp_path: Path) -> None:
    keep(open_pages(tmp_path, build="one"), "top", lasts_s=1e9)

    assert not open_pages(tmp_path, build="two").tighten(before_s=AT_S + 60)


def test_pages_are_compressed_again_one_after_the_other_in_a_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qrmerch.rendering.tightening.EVERY_S", 0.001)
    pages = open_pages(tmp_path)
    for name in ("top", "hat"):
        keep(pages, name, at_s=AT_S, lasts_s=1e9)
    tightening = Tightening(pages)
    tightening.start()
    while not all(page.is_tight for page in list(pages._kept.values())):
        pass
    tightening.stop()

    assert not tightening._thread.is_alive()


def test_a_disk_that_refuses_costs_no_shopper_a_page(tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    pages = open_pages(folder)
    keep(pages, "top")
    folder.rename(tmp_path / "elsewhere")

    assert keep(pages, "top", html=b"<p>later")
    page = pages.find(key_of("top"), AT_S)
    assert page is not None
    assert page.variants[PLAIN].body[0] == b"<p>later"


def test_the_next_best_page_is_of_the_same_item_and_first_of_the_same_store(tmp_path: Path) -> None:
    pages = open_pages(tmp_path)
    for key in (key_of("top"), key_of("top", store="a", locale="ar"), key_of("top", locale="ar"), key_of("hat")):
        keep(pages, key.item_id, key=key)

    def old(**more: str) -> PageKey | None:
        page = pages.find_old(key_of("top", **more))
        return page.key if page else None

    assert old(store="a", locale="en") == key_of("top", store="a", locale="ar")
    assert old(store="b", locale="ar") == key_of("top", locale="ar")
    assert pages.find_old(key_of("shoe")) is None


def test_two_languages_with_the_same_words_are_two_pages(tmp_path: Path) -> None:
    pages = open_pages(tmp_path)
    keys = key_of("top", locale="en"), key_of("top", locale="ar")
    for key in keys:
        keep(pages, "top", key=key)

    tags = {variant.etag for key in keys for variant in (pages._kept[key].variants)}

    assert len(tags) == 6


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip, deflate, br, zstd", BR),
        ("gzip", GZIP),
        ("", PLAIN),
        ("br;q=0, gzip;q=0.5", GZIP),
        ("*", BR),
        ("*;q=0", PLAIN),
        ("BR", BR),
        ("br;q=oops, gzip", GZIP),
        ("identity", PLAIN),
    ],
)
def test_the_smallest_coding_that_a_phone_takes(accept: str, coding: int) -> None:
    assert choose_coding(accept) == coding


@pytest.mark.parametrize(
    ("said", "same"), [('"a-br"', True), ('W/"a-br"', True), ('"b", "a-br"', True), ('"a"', False), ("a-br", False)]
)
def test_a_phone_says_which_page_it_has(said: str, same: bool) -> None:
    assert is_same('"a-br"', said) is same


def test_the_head_of_a_kept_file_says_nothing_but_the_page(tmp_path: Path) -> None:
    pages = open_pages(tmp_path)
    keep(pages, "top")

    (path,) = tmp_path.glob("*.page")
    about = orjson.loads(path.read_bytes().partition(b"\n")[0])

    assert set(about) == {"key", "rendered", "from", "until", "build", "headers", "others", "tight", "lengths"}
    # What every page carries is of this start's settings, not of the one that rendered it.
    assert "nosniff" not in path.read_text("latin-1")
