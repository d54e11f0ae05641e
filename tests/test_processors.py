"""One processor for each web worker: what is chosen, and that threads really stay and move there."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from qrmerch.processors import Reading, choose

ALLOWED = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
needs_two = pytest.mark.skipif(
    len(ALLOWED) < 2, reason="*** one processor here: nothing of staying on one is tested ***"
)

# Where three threads are (one from before, the main one, one from after it stayed), before and after a move.
Told = list[list[list[int]]]
StartStaying = Callable[[], Told]


@pytest.fixture
def start_staying() -> Iterator[StartStaying]:
    """A function that starts a process which stays on one processor, and gives what it tells; all end with the test."""
    started: list[subprocess.Popen[str]] = []

    def start() -> Told:
        command = [sys.executable, "-m", "tests.staying"]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert started[-1].stdout
        told: Told = json.loads(started[-1].stdout.readline())
        return told

    yield start
    for each in started:
        each.communicate()


@pytest.mark.parametrize(
    ("ours", "used", "chosen"),
    [
        (None, {0: 0.9, 1: 0.1, 2: 0.5}, 1),
        (0, {0: 0.9, 1: 0.1, 2: 0.5}, 1),
        # Hardly better is not worth it.
        (2, {0: 0.9, 1: 0.1, 2: 0.3}, 2),
        # An older worker stays on ours.
        (1, {1: 1.0}, {0, 2}),
        (None, {}, {0, 1, 2}),
        (2, {}, 2),
        # The system says nothing of one, or something of one that is not ours to use.
        (0, {0: 0.4, 7: 0.0}, {1, 2}),
    ],
)
def test_the_freest_processor_is_chosen_where_it_is_worth_it(
    ours: int | None, used: dict[int, float], chosen: int | set[int]
) -> None:
    found = {choose([0, 1, 2], ours, used) for _ in range(50)}

    assert found == (chosen if isinstance(chosen, set) else {chosen})


def test_what_this_process_uses_is_none_of_the_others() -> None:
    before = Reading(at_s=10.0, busy_s={0: 100.0, 1: 50.0}, own_s=5.0)
    after = Reading(at_s=12.0, busy_s={0: 101.5, 1: 50.5, 2: 9.0}, own_s=6.0)

    assert after.used_since(before, ours=0) == pytest.approx({0: 0.25, 1: 0.25, 2: 0.0})
    assert after.used_since(before, ours=1) == pytest.approx({0: 0.75, 1: 0.0, 2: 0.0})


@needs_two
def test_the_system_says_what_is_used_of_each_processor() -> None:
    before = Reading.take()
    while Reading.take().own_s < before.own_s + 0.3:
        pass

    after = Reading.take()

    assert set(ALLOWED) <= set(after.busy_s)
    assert sum(after.busy_s.values()) > sum(before.busy_s.values())


@needs_two
def test_what_is_started_later_stays_with_it_and_moves_with_it(start_staying: StartStaying) -> None:
    before, after = start_staying()

    free, main, later = before
    assert free == ALLOWED
    assert main == later
    assert len(main) == 1
    assert after[0] == ALLOWED
    assert after[1] == after[2]
    assert after[1] != main


@needs_two
def test_a_younger_worker_leaves_the_seat_of_an_older_one(start_staying: StartStaying) -> None:
    _, (_, older, _) = start_staying()

    (_, younger, _), _ = start_staying()

    assert younger != older
