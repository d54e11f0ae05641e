"""The bits that let one see a phone again within an hour, and never after."""

import os
from pathlib import Path

import pytest

from qrmerch.scans.near import Near, cut

HOUR = 498_785
WHO = ("store", "203.0.113.9", "Safari")


def test_the_same_three_are_the_same_within_the_hour_for_all_workers_of_the_node(tmp_path: Path) -> None:
    first, second = Near(tmp_path), Near(tmp_path)

    assert first.of(HOUR, *WHO) == second.of(HOUR, *WHO) == first.of(HOUR, *WHO)
    assert len(first.of(HOUR, *WHO)) == 8


@pytest.mark.parametrize(
    "other",
    [("store 2", "203.0.113.9", "Safari"), ("store", "203.0.114.9", "Safari"), ("store", "203.0.113.9", "Chrome")],
)
def test_another_store_network_or_agent_is_somebody_else(tmp_path: Path, other: tuple[str, str, str]) -> None:
    near = Near(tmp_path)

    assert near.of(HOUR, *WHO) != near.of(HOUR, *other)


def test_the_last_part_of_an_address_is_not_looked_at(tmp_path: Path) -> None:
    near = Near(tmp_path)

    assert near.of(HOUR, *WHO) == near.of(HOUR, "store", "203.0.113.200", "Safari")


def test_the_next_hour_has_a_key_of_its_own_and_the_old_one_is_gone(tmp_path: Path) -> None:
    near = Near(tmp_path)

    before, after = near.of(HOUR, *WHO), near.of(HOUR + 1, *WHO)

    assert before != after
    (key,) = tmp_path.iterdir()
    assert key.name == f"near-{HOUR + 1}.key" and key.stat().st_mode & 0o777 == 0o600
    assert len(key.read_bytes()) == 32


def test_the_second_name_of_a_key_goes_with_it_where_whoever_made_it_was_killed(tmp_path: Path) -> None:
    near = Near(tmp_path)
    near.of(HOUR, *WHO)
    os.link(tmp_path / f"near-{HOUR}.key", tmp_path / f"near-{HOUR}.4242")

    near.of(HOUR + 1, *WHO)

    assert [path.name for path in tmp_path.iterdir()] == [f"near-{HOUR + 1}.key"]


def test_a_worker_whose_clock_is_behind_does_not_undo_the_next_key(tmp_path: Path) -> None:
    ahead, behind = Near(tmp_path), Near(tmp_path)
    kept = ahead.of(HOUR + 1, *WHO)

    behind.of(HOUR, *WHO)

    assert Near(tmp_path).of(HOUR + 1, *WHO) == kept


def test_a_worker_that_nobody_asks_lets_go_of_the_key_of_an_hour_that_is_over(tmp_path: Path) -> None:
    near = Near(tmp_path)
    before = near.of(HOUR, *WHO)

    near.forget(HOUR)
    assert near.of(HOUR, *WHO) == before
    near.forget(HOUR + 1)

    assert list(tmp_path.iterdir()) == []
    assert near.of(HOUR, *WHO) != before


def test_without_its_folder_a_repeat_goes_unseen_and_nothing_fails(tmp_path: Path) -> None:
    assert Near(tmp_path / "gone").of(HOUR, *WHO) == ""


def test_any_text_of_an_agent_will_do(tmp_path: Path) -> None:
    assert len(Near(tmp_path).of(HOUR, "store", "", "\udcff\0 ٤")) == 8


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113"),
        ("::ffff:203.0.113.9", "203.0.113"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1"),
        ("2001:db8::1", "2001:db8:0"),
        ("::1", ":0:0"),
        ("", ""),
        ("unknown", "unknow"),
    ],
)
def test_an_address_is_cut_to_its_network(address: str, network: str) -> None:
    assert cut(address) == network
