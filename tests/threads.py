"""Several at once, each in a transaction of its own, let go at the same instant."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from sqlalchemy.orm import Session

from qrmerch.db import Database

Answer = TypeVar("Answer")


def at_once(database: Database, number: int, work: Callable[[Session, int], Answer]) -> list[Answer]:
    """What `number` threads get, each in a session of its own that it commits, all let go at the same instant."""
    gate = Barrier(number)

    def run(place: int) -> Answer:
        gate.wait(60)
        with database.write() as db:
            answer = work(db, place)
            db.commit()
            return answer

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))
