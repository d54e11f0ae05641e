"""A process that stays on one processor and tells where its threads are; ends with its standard input.

    python -m tests.staying

Prints one line of JSON: the processors of a thread from before, of the main thread and of one from after it stayed;
then the same after a move to another processor.
"""

import json
import os
import sys
from threading import Event, Thread, get_native_id

from qrmerch.processors import move, stay_on_one


def _start() -> int:
    """A thread that waits for ever; its number in the system."""
    numbers: list[int] = []
    is_there = Event()

    def wait() -> None:
        numbers.append(get_native_id())
        is_there.set()
        Event().wait()

    Thread(target=wait, daemon=True).start()
    is_there.wait()
    return numbers[0]


def main() -> None:
    """Stay, move, tell."""
    free = _start()
    stay_on_one()
    threads = [free, get_native_id(), _start()]
    told = [[sorted(os.sched_getaffinity(each)) for each in threads]]
    (ours,) = told[0][1]
    move(next(each for each in told[0][0] if each != ours))
    told.append([sorted(os.sched_getaffinity(each)) for each in threads])
    print(json.dumps(told), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
