"""What is wrong with a sheet or a row of it, in the words of who wrote it."""

from dataclasses import dataclass
from typing import Any

from qrmerch.errors import DomainError


class SheetRejected(DomainError):
    """The file as a whole cannot be read; the message says what it is and what to send instead."""

    status = 422
    slug = "sheet_rejected"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: a code for machines, the vendor's column, a sentence that says what to do, the value."""

    code: str
    column: str
    message: str
    value: str
    is_error: bool = True

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "column": self.column,
            "message": self.message,
            "value": self.value[:200],
            "is_error": self.is_error,
        }

    def line(self) -> str:
        """As it stands in a report's `_errors` cell."""
        return "|".join(
            part.replace("|", "/").replace(";", ",") for part in (self.code, self.column, self.message, self.value[:80])
        )
