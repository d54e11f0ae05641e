"""What the processes say of themselves: one line of JSON for each event, on standard error.

In: whatever anybody logs, with names, addresses or file names from outside in it. Out: one line, whose fields are cut
at 512 characters and whose control characters, line breaks among them, are escaped: nobody outside can write a line.
What the database says of the values that it refused is left out.
"""

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Final

MAX_FIELD_CHARS: Final = 512
# Of a chain of calls the last tell where it broke.
_MAX_CALLS: Final = 12
# What PostgreSQL says from there on holds values of the row that it refused: an address that somebody left.
_VALUES_BEGIN: Final = "\nDETAIL:"


class OneLine(logging.Formatter):
    """An event as one JSON object: `at`, `level`, `of`, `says`, and of an error `error` and `calls`, oldest first."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told: dict[str, object] = {
            "at": at,
            "level": record.levelname.lower(),
            "of": record.name,
            "says": _cut(record.getMessage()),
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            calls = traceback.extract_tb(error.__traceback__)[-_MAX_CALLS:]
            told["error"] = _cut(f"{type(error).__name__}: {error}".partition(_VALUES_BEGIN)[0])
            told["calls"] = [_cut(f"{each.filename}:{each.lineno} {each.name}") for each in calls]
        return json.dumps(told)


def set_up() -> None:
    """Let this process say warnings and errors so; whoever starts it keeps its standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    # What carries jobs says lines of its own form, errors over many, unless somebody has given it another.
    jobs = logging.getLogger("dbos")
    jobs.addHandler(handler)
    jobs.propagate = False


def _cut(text: str) -> str:
    return text if len(text) <= MAX_FIELD_CHARS else text[: MAX_FIELD_CHARS - 1] + "…"
