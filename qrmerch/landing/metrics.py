"""How this node is doing, for a program that asks every few seconds: lag, loss, kept pages, in Prometheus' text.

Not for everybody: from this machine itself, or with the token of the settings. Of people or retailers nothing is said.
What is told of the log and of losses is the node's and the installation's; of kept pages, the answering worker's.
"""

import hmac
from collections.abc import Iterator
from time import time
from typing import Final, NamedTuple

from flask import Blueprint, Response, request

from qrmerch.access import allow_anyone
from qrmerch.clock import now
from qrmerch.db import AWAY
from qrmerch.errors import NotFound
from qrmerch.landing.scanning import get_scan_path
from qrmerch.outbox import Stuck, find_stuck
from qrmerch.scans.lag import Losses, count_losses, list_offsets, list_sizes, measure_lag
from qrmerch.web import services

blueprint = Blueprint("metrics", __name__)
_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_HERE: Final = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
# What a proxy on this machine adds when somebody else is asking through it.
_PASSED_ON: Final = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via")


class Metric(NamedTuple):
    """One figure; all are gauges, for all can fall: files and records are deleted in time."""

    name: str
    help: str
    value: float

    @property
    def said(self) -> str:
        return f"{self.name} {float(self.value)}\n"


@blueprint.get("/metrics")
@allow_anyone
def tell() -> Response:
    """The figures of this node."""
    if not _may_know():
        raise NotFound()
    said = "".join(f"# HELP {each.name} {each.help}\n# TYPE {each.name} gauge\n{each.said}" for each in _measure())
    return Response(said, content_type=_TYPE, headers={"Cache-Control": "no-store"})


def _may_know() -> bool:
    token = services().settings.metrics_token
    if token and hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()):
        return True
    return request.remote_addr in _HERE and not any(name in request.headers for name in _PASSED_ON)


def _measure() -> Iterator[Metric]:
    settings, pages, at_s = services().settings, get_scan_path().pages, time()
    offsets, losses, mail = _ask_database()
    yield Metric("qrmerch_database_up", "1 if the database answered", losses is not None)
    if losses is not None and mail is not None:
        # Without the database nobody knows how far the files were read.
        lag = measure_lag(settings.log_dir, offsets)
        late_s = max(0.0, at_s - lag.oldest_at_s) if lag.oldest_at_s else 0.0
        yield Metric("qrmerch_scan_log_unread_bytes", "written on this node and in no total yet", lag.unread_bytes)
        yield Metric("qrmerch_scan_log_lag_seconds", "age of the oldest line in no total yet", round(late_s, 3))
        yield Metric("qrmerch_scan_lines_lost", "lines that the disk did not take", losses.lost_lines)
        yield Metric("qrmerch_scan_lines_bad", "lines that were torn or not ours", losses.bad_lines)
        yield Metric("qrmerch_events_waiting", "actions in no total yet", losses.waiting_events)
        stuck_s = max(0.0, at_s - mail.since.timestamp()) if mail.since else 0.0
        yield Metric("qrmerch_mail_stuck", "mails that the mail server did not take at several tries", mail.waiting)
        yield Metric("qrmerch_mail_stuck_seconds", "age of the oldest of them", round(stuck_s, 3))
        yield Metric("qrmerch_mail_failed", "mails of the last week that are not tried any more", mail.failed)
    files = list_sizes(settings.log_dir)
    yield Metric("qrmerch_scan_log_files", "files of the scan log on this node", len(files))
    yield Metric("qrmerch_scan_log_bytes", "what they take", sum(files))
    yield Metric("qrmerch_kept_pages", "pages that the worker which answers has ready", len(pages))
    yield Metric("qrmerch_kept_pages_bytes", "what they take in its memory", pages.size)
    yield Metric("qrmerch_pages_failing", "pages that this worker set aside, for their rendering failed", pages.aside)
    age_s = at_s - pages.read_s if pages.read_s else at_s
    yield Metric("qrmerch_changes_read_seconds_ago", "since that worker last heard of changes", round(age_s, 3))


def _ask_database() -> tuple[dict[str, int], Losses | None, Stuck | None]:
    try:
        with services().database.read() as db:
            return list_offsets(db), count_losses(db), find_stuck(db, at=now())
    except AWAY:
        return {}, None, None
