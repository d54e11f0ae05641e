"""The bits that tell phones of one store on one day apart, and no longer."""

import os
from datetime import date
from pathlib import Path

import pytest

from qrmerch.scans.day_hashes import KEY_LASTS_S, DayHashes, forget_old_keys

DAY, NEXT = date(2026, 11, 18), date(2026, 11, 19)
ZONE = "America/New_York"
WHO = ("retailer", "store", "203.0.113.9", "Safari")


def test_the_same_four_are_the_same_all_day_for_all_workers_of_the_node(tmp_path: Path) -> None:
    first, second = DayHashes(tmp_path), DayHashes(tmp_path)

    assert first.of(ZONE, DAY, *WHO) == second.of(ZONE, DAY, *WHO) == first.of(ZONE, DAY, *WHO)
    assert len(first.of(ZONE, DAY, *WHO)) == 16


@pytest.mark.parametrize(
    "other",
    [
        ("retailer 2", *WHO[1:]),
        ("retailer", "store 2", *WHO[2:]),
        ("retailer", "store", "203.0.114.9", "Safari"),
        (*WHO[:3], "Chrome"),
    ],
)
def test_another_store_network_or_agent_is_another_phone(tmp_path: Path, other: tuple[str, str, str, str]) -> None:
    hashes = DayHashes(tmp_path)

    assert hashes.of(ZONE, DAY, *WHO) != hashes.of(ZONE, DAY, *other)


def test_nobody_is_known_again_on_another_day_and_two_days_may_go_on_at_once(tmp_path: Path) -> None:
    hashes = DayHashes(tmp_path)

    said = [hashes.of(ZONE, day, *WHO) for day in (DAY, NEXT, DAY, NEXT)]

    assert said[0] == said[2] != said[1] == said[3]


def test_a_phone_is_one_to_the_end_of_its_date_however_early_that_began_elsewhere(tmp_path: Path) -> None:
    hashes = DayHashes(tmp_path)
    # The date begins here 25 hours earlier than in Pago Pago, and there it goes on for 25 hours after it ended here.
    hashes.of("Pacific/Kiritimati", DAY, *WHO)
    first = hashes.of("Pacific/Pago_Pago", DAY, *WHO)
    (early,) = tmp_path.glob("*Kiritimati*")
    began_s = early.stat().st_mtime - 25 * 3600
    os.utime(early, (began_s, began_s))

    hashes.forget(began_s + 49 * 3600)

    assert not early.exists()
    assert hashes.of("Pacific/Pago_Pago", DAY, *WHO) == first


def test_a_key_is_gone_within_two_days_though_it_is_looked_at_by_the_hour() -> None:
    assert KEY_LASTS_S + 3600 <= 48 * 3600
    assert KEY_LASTS_S > 25 * 3600, "the longest date of one place, where its clocks are put back"


def test_the_key_is_random_and_nobody_elses_to_read(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    assert DayHashes(tmp_path / "a").of(ZONE, DAY, *WHO) != DayHashes(tmp_path / "b").of(ZONE, DAY, *WHO)
    (key,) = (tmp_path / "a").iterdir()
    assert key.stat().st_mode & 0o777 == 0o600


def test_a_key_is_gone_two_days_after_it_was_made(tmp_path: Path) -> None:
    DayHashes(tmp_path).of(ZONE, DAY, *WHO)
    DayHashes(tmp_path).of(ZONE, NEXT, *WHO)
    old, _ = sorted(tmp_path.iterdir())
    made_s = old.stat().st_mtime
    os.utime(old, (made_s - KEY_LASTS_S, made_s - KEY_LASTS_S))

    forget_old_keys(tmp_path, at_s=made_s + 60)

    assert [path.name for path in tmp_path.iterdir()] == ["day-2026-11-19-America~New_York.key"]


def test_the_second_name_of_a_key_goes_with_it_where_whoever_made_it_was_killed(tmp_path: Path) -> None:
    DayHashes(tmp_path).of(ZONE, DAY, *WHO)
    (key,) = tmp_path.iterdir()
    os.link(key, tmp_path / f"{key.stem}.4242")

    forget_old_keys(tmp_path, at_s=key.stat().st_mtime + KEY_LASTS_S + 1)

    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_nobody_asks_lets_go_of_a_key_in_time(tmp_path: Path) -> None:
    hashes = DayHashes(tmp_path)
    first = hashes.of(ZONE, DAY, *WHO)
    (key,) = tmp_path.iterdir()
    made_s = key.stat().st_mtime

    hashes.forget(made_s + KEY_LASTS_S - 60)
    assert hashes.of(ZONE, DAY, *WHO) == first
    hashes.forget(made_s + KEY_LASTS_S + 60)

    assert list(tmp_path.iterdir()) == []
    assert hashes.of(ZONE, DAY, *WHO) != first


def test_few_keys_stay_in_memory(tmp_path: Path) -> None:
    hashes = DayHashes(tmp_path)
    for day in range(1, 20):
        hashes.of(ZONE, date(2026, 11, day), *WHO)

    assert sorted(hashes._keyed) == [(ZONE, date(2026, 11, day)) for day in (18, 19)]


def test_without_a_folder_no_phone_is_told_apart_and_nothing_fails(tmp_path: Path) -> None:
    assert DayHashes(tmp_path / "none").of(ZONE, DAY, *WHO) == ""
