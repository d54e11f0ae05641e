"""One processor for each web worker.

The threads of a worker take turns at one interpreter. Where a second processor is free, the system wakes a waiting
thread there, which takes the interpreter away from the one that runs, and each turn costs as much as a scan. So the
threads that answer stay together on one processor, as nginx's workers may (`worker_cpu_affinity`). Workers of one
server keep apart, and leave a processor that others need for a freer one.

Linux only. Elsewhere, and where the system does not allow it, threads run where it puts them.
"""

import os
import random
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Final

_LOOK_EVERY_S: Final = 1.0
# A move is worth it when another processor has so much more of its time left.
_WORTH: Final = 0.25
# What an older worker's seat counts for: more than anybody can use.
_SEAT: Final = 2.0
_TIMES: Final = Path("/proc/stat")
_IDLE: Final = slice(3, 5)  # of a processor's times: nothing to do, and nothing but to wait for a disk
_ALL: Final = slice(0, 8)  # those after are parts of these


@dataclass(frozen=True, slots=True)
class Reading:
    """What has been used until now, seconds: of each processor by all, and of whichever by this process."""

    at_s: float
    busy_s: Mapping[int, float]
    own_s: float

    @classmethod
    def take(cls) -> "Reading":
        """What the system says now; where it says nothing of processors, none is busy."""
        busy_s = {}
        for line in _TIMES.read_text().splitlines() if _TIMES.exists() else []:
            name, *times = line.split()
            if name.startswith("cpu") and name[3:].isdecimal():
                ticks = [int(each) for each in times]
                busy_s[int(name[3:])] = (sum(ticks[_ALL]) - sum(ticks[_IDLE])) / os.sysconf("SC_CLK_TCK")
        return cls(time.monotonic(), busy_s, time.process_time())

    def used_since(self, before: "Reading", ours: int) -> dict[int, float]:
        """How much of each processor others have used since then: 0 for nothing, 1 for all of it.

        :param ours: what this process used is taken for used there.
        """
        passed_s = self.at_s - before.at_s
        used = {each: (now_s - before.busy_s.get(each, now_s)) / passed_s for each, now_s in self.busy_s.items()}
        if ours in used:
            used[ours] = max(0.0, used[ours] - (self.own_s - before.own_s) / passed_s)
        return used


def stay_on_one() -> None:
    """Keep this thread and what it starts from now on on one processor, for as long as the process lives.

    Threads that were there before stay free.
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) > 1:
        with suppress(OSError):
            os.sched_setaffinity(0, {choose(allowed, None, seats_taken())})
            Thread(target=_keep, args=(allowed,), daemon=True, name="one-processor").start()


def choose(allowed: Sequence[int], ours: int | None, used: Mapping[int, float]) -> int:
    """The least used processor; ours where that is hardly better.

    :param used: 0 for nothing, 1 for all of it, more where older workers stay.
    """
    best = min(allowed, key=lambda each: (used.get(each, 0.0), random.random()))  # noqa: S311
    is_worth_it = ours is None or used.get(ours, 0.0) - used.get(best, 0.0) > _WORTH
    return best if is_worth_it or ours is None else ours


def seats_taken() -> dict[int, float]:
    """What the older workers of the same server count for, on the processors where they stay."""
    taken: dict[int, float] = {}
    for children in Path(f"/proc/{os.getppid()}/task").glob("*/children"):
        with suppress(OSError):
            for pid in map(int, children.read_text().split()):
                seat = os.sched_getaffinity(pid) if pid < os.getpid() else ()
                if len(seat) == 1:
                    taken[min(seat)] = taken.get(min(seat), 0.0) + _SEAT
    return taken


def move(processor: int) -> None:
    """Take all threads of this process that stay on one processor to this one.

    :raises OSError: it may not be used any more.
    """
    for thread in Path("/proc/self/task").iterdir():
        number = int(thread.name)
        with suppress(ProcessLookupError):
            if len(os.sched_getaffinity(number)) == 1:
                os.sched_setaffinity(number, {processor})


def _keep(allowed: Sequence[int]) -> None:
    """Look once a second whether another processor is better; ends where what is allowed was changed from outside."""
    (ours,) = os.sched_getaffinity(0)
    before = Reading.take()
    with suppress(OSError):
        while True:
            time.sleep(_LOOK_EVERY_S)
            now = Reading.take()
            used, before = now.used_since(before, ours), now
            for each, seats in seats_taken().items():
                used[each] = used.get(each, 0.0) + seats
            chosen = choose(allowed, ours, used)
            # Half of the time: not all who share one leave it in the same second.
            if chosen != ours and random.random() < 0.5:  # noqa: S311
                move(chosen)
                ours = chosen
