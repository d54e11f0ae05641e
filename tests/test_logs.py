"""What the processes log: one line of JSON for each event, whatever stands in it."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qrmerch import ids
from qrmerch.logs import MAX_FIELD_CHARS, OneLine
from qrmerch.visitors.models import Contact
from tests.conftest import NOON
from tests.factories import make_retailer

HOSTILE = 'Mozilla\n{"level":"error","says":"forged"}\r\u2028\x1b[2J\x00' + "x" * 2000


def _line(message: str, *values: object, error: BaseException | None = None) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    return OneLine().format(logging.LogRecord("qrmerch.web", logging.WARNING, "web.py", 1, message, values, info))


def test_sec_e09_what_comes_from_outside_is_one_line_and_cut() -> None:
    line = _line("agent %s", HOSTILE)

    assert line.isascii()
    assert line.isprintable()
    told = json.loads(line)
    assert told["says"].startswith('agent Mozilla\n{"level"')
    assert len(told["says"]) == MAX_FIELD_CHARS
    assert (told["level"], told["of"]) == ("warning", "qrmerch.web")


def test_sec_e09_an_error_is_one_line_with_the_way_to_it() -> None:
    def break_down() -> None:
        raise ValueError(HOSTILE)

    try:
        break_down()
    except ValueError as error:
        line = _line("that was nothing", error=error)

    told = json.loads(line)
    assert line.isprintable()
    assert told["error"].startswith("ValueError: Mozilla\n")
    assert len(told["error"]) == MAX_FIELD_CHARS
    assert [each.rpartition(" ")[2] for each in told["calls"]] == [
        "test_sec_e09_an_error_is_one_line_with_the_way_to_it",
        "break_down",
    ]


def test_sec_h03_what_the_database_refused_is_told_without_its_values(db: Session) -> None:
    retailer = make_retailer(db)
    db.add_all(
        Contact(id=ids.new(), retailer_id=retailer.id, email="amal@example.org", created_at=NOON) for _ in range(2)
    )
    with pytest.raises(IntegrityError) as refused:
        db.flush()

    line = _line("bug", error=refused.value)

    assert "IntegrityError" in line
    assert "contact" in line
    assert "amal" not in line
    assert "example.org" not in line


def test_sec_e09_a_process_that_is_set_up_says_so_on_its_standard_error() -> None:
    program = "import logging; from qrmerch import logs; logs.set_up(); logging.getLogger('a').error('one\\ntwo')"

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    (line,) = said.stderr.splitlines()
    assert json.loads(line)["says"] == "one\ntwo"
    assert said.stdout == ""


def test_sec_e09_what_carries_jobs_says_a_failure_on_one_line_too(tmp_path: Path) -> None:
    program = (
        "import logging, sys; from qrmerch import logs; logs.set_up(); from dbos import DBOS;"
        " DBOS(config={'name': 'qrmerch', 'system_database_url': sys.argv[1], 'log_level': 'WARNING'});"
        " logging.getLogger('dbos').warning('tried again', exc_info=ValueError('one\\ntwo'))"
    )
    command = [sys.executable, "-c", program, f"sqlite:///{tmp_path / 'jobs.db'}"]

    said = subprocess.run(command, capture_output=True, text=True, check=True)

    (line,) = said.stderr.splitlines()
    assert json.loads(line)["error"] == "ValueError: one\ntwo"
    assert said.stdout == ""
