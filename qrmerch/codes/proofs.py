"""Artwork that somebody else designed: what every code in a proof says, whose it is, and whether it will scan.

In: a PDF, PNG or JPEG. Out: for each code its record (code, item, place) or why there is none, what was measured, and
the findings of preflight for its use. Nothing of the file is kept. Never: a word about another retailer's codes; they
count as unknown.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, BinaryIO, Final
from urllib.parse import unquote, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from qrmerch.catalog.models import Item, Variant
from qrmerch.codes import proof_reading
from qrmerch.codes.artwork import MAX_SIZE_MM, MIN_SIZE_MM, QUIET_MODULES, Level, Symbol
from qrmerch.codes.blocks import unused_correction
from qrmerch.codes.inks import GOOD_CONTRAST, LEAST_CONTRAST
from qrmerch.codes.models import Code, CodeState, Use
from qrmerch.codes.preflight import Asked, Finding, Verdict, check_fit
from qrmerch.codes.queries import CodeLine, get_line
from qrmerch.codes.tokens import LENGTH, find_token
from qrmerch.errors import DomainError
from qrmerch.gs1 import gtin14, is_gtin
from qrmerch.parties.models import RetailerHost

MAX_BYTES: Final = 40_000_000
TIMEOUT_S: Final = 90
MAX_WIDTH_MM: Final = 6_000.0
_AT_ONCE: Final = 2
_COPIED_BYTES: Final = 1 << 16
# ISO/IEC 15415: unused error correction of grade D and of grade B.
_LEAST_UNUSED, _GOOD_UNUSED = 0.25, 0.50
_KINDS: Final = ((b"\x89PNG\r\n\x1a\n", "PNG"), (b"\xff\xd8\xff", "JPEG"))
_PDF: Final = re.compile(rb"[\s\S]{0,1000}%PDF-")
_SCAN_PATH: Final = re.compile(r"/q/([^/?#]+)/?", re.IGNORECASE)
_GTIN_PATH: Final = re.compile(r"(?:^|/)01/(\d{8,14})(?:/|$)")
_TOO_LONG: Final = "This file takes too long to draw. Export the pages one by one, without large pictures."
_BROKEN: Final = "This file cannot be opened. It may be damaged or cut off; export it again and send that."
_room = BoundedSemaphore(_AT_ONCE)


class ProofRefused(DomainError):
    """A file cannot be looked through; the message says why and what to do."""

    status = 422
    slug = "proof_refused"


class Whose(StrEnum):
    """What a code in a proof has to do with the retailer."""

    OURS = "ours"
    NUMBER = "number"
    MISTYPED = "mistyped"
    UNKNOWN = "unknown"
    FOREIGN = "foreign"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class Matched:
    """A code of a proof with its record, where there is one; `said` says whose it is in a sentence."""

    found: proof_reading.Found
    whose: Whose
    said: str
    line: CodeLine | None
    item_title: str
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        verdicts = {finding.verdict for finding in self.findings}
        return next((each for each in (Verdict.REFUSE, Verdict.WARN) if each in verdicts), Verdict.PASS)


@dataclass(frozen=True, slots=True)
class ProofReport:
    """All that is to be said of a proof."""

    pages: tuple[proof_reading.Page, ...]
    codes: tuple[Matched, ...]
    left_out_pages: int

    def count(self, verdict: Verdict) -> int:
        return sum(each.verdict == verdict for each in self.codes)


def read_proof(stream: BinaryIO, *, width_mm: float = 0.0, timeout_s: float = TIMEOUT_S) -> proof_reading.Proof:
    """What stands in a file, read by a child process with limits; nothing is kept.

    :param stream: the upload, at its first byte.
    :param width_mm: how wide a picture is printed; 0 for what it says itself. A PDF says it always.
    :raises ProofRefused: another kind of file, too large, unreadable or too slow.
    """
    if not _room.acquire(blocking=False):
        raise ProofRefused("Two proofs are being looked through at the moment. Send yours again in a minute.")
    try:
        with tempfile.TemporaryDirectory(prefix="qrmerch-") as folder:
            path = Path(folder) / "proof"
            _copy(stream, path)
            return _ask_child(_kind_of(path), path, width_mm, timeout_s)
    finally:
        _room.release()


def match_proof(
    db: Session,
    retailer_id: str,
    proof: proof_reading.Proof,
    *,
    hosts: Iterable[str],
    asked: Asked,
    is_photo: bool = False,
) -> ProofReport:
    """Each code of a proof with its record and findings.

    :param hosts: every host that answers for the retailer's printed addresses.
    :param asked: the use it is printed for; its size and colour are the proof's own.
    :param is_photo: of a print; light and distance are the photographer's, so size and ink are not judged, and what
        stands round the code or covers it is warned of.
    """
    known = {host.lower() for host in hosts}
    codes = tuple(_match(db, retailer_id, found, known, asked, is_photo) for found in proof.codes)
    return ProofReport(tuple(proof.pages), codes, proof.left_out_pages)


def judge_proof(proof: proof_reading.Proof, *, asked: Asked) -> ProofReport:
    """What was measured of each code of a proof, without asking whose it is."""
    codes = tuple(
        Matched(each, Whose.FOREIGN if each.is_read else Whose.UNREAD, "", None, "", _judge(each, asked))
        for each in proof.codes
    )
    return ProofReport(tuple(proof.pages), codes, proof.left_out_pages)


def list_hosts(db: Session, retailer_id: str) -> list[str]:
    """The hosts that a retailer has proven to be its own."""
    wanted = select(RetailerHost.host).where(
        RetailerHost.retailer_id == retailer_id, RetailerHost.proven_at.is_not(None)
    )
    return list(db.scalars(wanted))


def _copy(stream: BinaryIO, path: Path) -> None:
    size = 0
    with path.open("wb") as file:
        while part := stream.read(_COPIED_BYTES):
            size += len(part)
            if size > MAX_BYTES:
                raise ProofRefused(
                    f"A proof may have {MAX_BYTES // 1_000_000} MB. Export it with smaller pictures, or page by page."
                )
            file.write(part)


def _kind_of(path: Path) -> str:
    with path.open("rb") as file:
        first = file.read(1_100)
    if not first:
        raise ProofRefused("This file is empty. Choose the proof again.")
    for begin, kind in _KINDS:
        if first.startswith(begin):
            return kind
    if _PDF.match(first):
        return "PDF"
    raise ProofRefused("This is no PDF, PNG or JPEG. Export the artwork as PDF in its printed size and send that.")


def _ask_child(kind: str, path: Path, width_mm: float, timeout_s: float) -> proof_reading.Proof:
    # Whoever takes over a decoder finds no secret of ours in the child's memory.
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "LD_LIBRARY_PATH")}
    try:
        # -I: the child looks at no variable, user folder or current folder.
        child = subprocess.run(
            [sys.executable, "-I", proof_reading.__file__, kind, str(path), f"{width_mm:g}"],
            capture_output=True,
            timeout=timeout_s,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        raise ProofRefused(_TOO_LONG) from None
    # The system ends it so when it has used up its time on the processor.
    if child.returncode in (-signal.SIGKILL, -signal.SIGXCPU):
        raise ProofRefused(_TOO_LONG)
    if child.returncode != 0:
        raise ProofRefused(_BROKEN)
    answer: dict[str, Any] = json.loads(child.stdout)
    if "problem" in answer:
        raise ProofRefused(answer["problem"])
    return proof_reading.Proof(
        pages=[proof_reading.Page(**each) for each in answer["pages"]],
        codes=[proof_reading.Found(**{**each, "box": tuple(each["box"])}) for each in answer["codes"]],
        left_out_pages=answer["left_out_pages"],
    )


def _match(
    db: Session, retailer_id: str, found: proof_reading.Found, hosts: set[str], asked: Asked, is_photo: bool
) -> Matched:
    whose, finding, line, title = _find_record(db, retailer_id, found, hosts)
    judged = _judge_photo(found) if is_photo else _judge(found, asked)
    findings = (finding, *judged) if finding.verdict != Verdict.PASS else judged
    return Matched(found, whose, finding.said or finding.measured, line, title, findings)


def _find_record(
    db: Session, retailer_id: str, found: proof_reading.Found, hosts: set[str]
) -> tuple[Whose, Finding, CodeLine | None, str]:
    """Whose a code is: what is to be said of that, its record and what that is about."""

    def say(verdict: Verdict, said: str) -> Finding:
        return Finding("Record", verdict, said, rule="one of your active codes, at your own host")

    if not found.is_read:
        said = "Something here looks like a code and cannot be read. Draw it anew, larger and in black."
        return Whose.UNREAD, say(Verdict.REFUSE, said), None, ""
    number = _gtin_in(found)
    if number:
        title = _find_title(db, retailer_id, number)
        if title:
            return Whose.NUMBER, Finding("Record", Verdict.PASS, measured=f"The trade number of {title}."), None, title
        return Whose.UNKNOWN, say(Verdict.WARN, f"No item of yours has the number {number}."), None, ""
    host, token_text = _scan_address(found.text)
    if not token_text:
        said = "This is no address of yours: it leads elsewhere, and its scans are not counted."
        return Whose.FOREIGN, say(Verdict.WARN, said), None, ""
    token = find_token(token_text)
    if token is None:
        said = f"Its text is mistyped: a code has {LENGTH} characters, the last of which checks the others."
        return Whose.MISTYPED, say(Verdict.REFUSE, said), None, ""
    code_id = db.scalar(select(Code.id).where(Code.retailer_id == retailer_id, Code.token == token))
    if code_id is None:
        return Whose.UNKNOWN, say(Verdict.REFUSE, "No code of yours has this text. Make one, and print that."), None, ""
    line = get_line(db, code_id)
    if host not in hosts:
        said = f"It says {host}, which is not a host of yours: a phone would be led there."
        return Whose.OURS, say(Verdict.REFUSE, said), line, line.item_title
    if line.code.state != CodeState.ACTIVE:
        said = f"This code is {line.code.state}: a new print shows something else. Print an active one."
        return Whose.OURS, say(Verdict.WARN, said), line, line.item_title
    return (
        Whose.OURS,
        Finding("Record", Verdict.PASS, measured=f"{line.item_title}, {line.place}"),
        line,
        line.item_title,
    )


def _gtin_in(found: proof_reading.Found) -> str:
    """The trade number that a bar code is, or an address says; empty for none."""
    if found.kind in ("EAN13", "EAN8", "UPCA"):
        return found.text if is_gtin(found.text) else ""
    try:
        path = unquote(urlsplit(found.text).path)
    except ValueError:
        return ""
    match = _GTIN_PATH.search(path)
    return match[1] if match and is_gtin(match[1]) else ""


def _find_title(db: Session, retailer_id: str, number: str) -> str:
    """The name of the item that has a trade number, written in any length; empty for none."""
    bare = number.lstrip("0")
    written = {number, gtin14(number), *(bare.rjust(length, "0") for length in (8, 12, 13, 14) if len(bare) <= length)}
    wanted = select(Item.title).join(Variant, Variant.item_id == Item.id)
    wanted = wanted.where(Variant.retailer_id == retailer_id, Variant.gtin.in_(written)).order_by(Item.id)
    return db.scalars(wanted.limit(1)).first() or ""


def _scan_address(text: str) -> tuple[str, str]:
    """Host and token text of a printed address; empty where it is none."""
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return "", ""
    match = _SCAN_PATH.fullmatch(parts.path)
    if parts.scheme.lower() not in ("http", "https") or not match:
        return "", ""
    return host.lower(), unquote(match[1])


def _judge(found: proof_reading.Found, asked: Asked) -> tuple[Finding, ...]:
    """What was measured of a QR code, held against the rules of its use; nothing for bars."""
    if found.kind != "QR" or not found.version or not found.is_read:
        return ()
    return (*_judge_tones(found, asked), _judge_quiet(found), _judge_unused(found), *_judge_size(found, asked))


def _judge_photo(found: proof_reading.Found) -> tuple[Finding, ...]:
    """What a photo of a print shows of a QR code: whether something stands too near or covers it."""
    if found.kind != "QR" or not found.version or not found.is_read:
        return ()
    return tuple(
        Finding(each.name, Verdict.WARN, f"In this photo: {each.said} Else take it from nearer, in even light.")
        for each in (_judge_quiet(found), _judge_unused(found))
        if each.verdict != Verdict.PASS
    )


def _judge_tones(found: proof_reading.Found, asked: Asked) -> Iterable[Finding]:
    if found.is_inverted:
        said = "It is light on dark ground: many phones and every till see nothing there. Print it dark on light."
        yield Finding("Contrast", Verdict.REFUSE, said, "inverted", "dark on light")
        return
    yield _judge_contrast("Contrast", found.contrast, "Print it darker, black on white is best.")
    if asked.use == Use.TILL:
        yield _judge_contrast("Red light", found.red_contrast, "Tills see by red light: print it in black.")


def _judge_contrast(name: str, seen: float, fix: str) -> Finding:
    rule = f"at least {LEAST_CONTRAST:.2f}, good from {GOOD_CONTRAST:.2f} (ISO/IEC 15415)"
    if seen >= GOOD_CONTRAST:
        return Finding(name, Verdict.PASS, measured=f"{seen:.2f}", rule=rule)
    verdict = Verdict.REFUSE if seen < LEAST_CONTRAST else Verdict.WARN
    return Finding(name, verdict, f"Dark and light differ by {seen:.2f} only. {fix}", f"{seen:.2f}", rule)


def _judge_quiet(found: proof_reading.Found) -> Finding:
    rule = f"{QUIET_MODULES} modules after trimming (ISO/IEC 18004)"
    measured = f"{found.quiet_modules} modules" if found.quiet_modules <= QUIET_MODULES else "more than 4 modules"
    if found.quiet_modules >= QUIET_MODULES:
        return Finding("Quiet zone", Verdict.PASS, measured=measured, rule=rule)
    missing = found.module_mm * (QUIET_MODULES - found.quiet_modules)
    said = f"Only {found.quiet_modules} of the {QUIET_MODULES} modules round it are clear. "
    said += f"Give it {missing:.1f} mm more on each side." if missing else "Give it more room on each side."
    return Finding("Quiet zone", Verdict.REFUSE, said, measured, rule)


def _judge_unused(found: proof_reading.Found) -> Finding:
    rule = f"at least {_LEAST_UNUSED:.2f}, good from {_GOOD_UNUSED:.2f} (ISO/IEC 15415)"
    unused = unused_correction(_rows(found), found.level, found.mask)
    if unused >= _GOOD_UNUSED:
        return Finding("Error correction left", Verdict.PASS, measured=f"{unused:.2f}", rule=rule)
    said = f"Something covers it: {unused:.2f} of its error correction is left. Take the logo smaller, or level H."
    verdict = Verdict.REFUSE if unused < _LEAST_UNUSED else Verdict.WARN
    return Finding("Error correction left", verdict, said, f"{unused:.2f}", rule)


def _rows(found: proof_reading.Found) -> tuple[bytes, ...]:
    side = 17 + 4 * found.version
    modules = bytes(int(each) for each in found.modules)
    return tuple(modules[at : at + side] for at in range(0, side * side, side))


def _judge_size(found: proof_reading.Found, asked: Asked) -> tuple[Finding, ...]:
    if not found.module_mm:
        said = "The picture does not say how large it is printed. Give its width, and the modules are measured."
        return (Finding("Module", Verdict.WARN, said, "unknown", "a size in millimetres"),)
    seen = Symbol(found.text, Level(found.level), _rows(found))
    size_mm = min(max(found.module_mm * seen.side, MIN_SIZE_MM), MAX_SIZE_MM)
    fit = Asked(size_mm=size_mm, use=asked.use, distance_mm=asked.distance_mm)
    return check_fit(seen, size_mm=size_mm, asked=fit).findings
