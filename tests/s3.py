"""An S3 server of a test process: rclone's, on a folder, asking for signed requests."""

import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_port

KEY, SECRET = "a-key", "a-secret-of-tests"
BUCKET = "vendors"
_START_S = 60


@dataclass(frozen=True)
class S3:
    """A server with one bucket; what is in it lies in `folder`."""

    endpoint: str
    folder: Path

    def keys(self, prefix: str) -> set[str]:
        """What the bucket holds under a prefix."""
        inside = self.folder / prefix
        return {path.relative_to(inside).as_posix() for path in inside.rglob("*") if path.is_file()}


@contextmanager
def serve_s3(root: Path) -> Iterator[S3]:
    """A server for as long as this lasts."""
    folder, port = root / BUCKET, free_port()
    folder.mkdir(parents=True)
    address = f"127.0.0.1:{port}"
    program = Path(sys.executable).with_name("rclone")
    command = [program, "serve", "s3", root, "--addr", address, "--auth-key", f"{KEY},{SECRET}"]
    quiet = ["--config", "/dev/null"]
    with (
        (root / "server.log").open("wb") as log,
        subprocess.Popen([*command, *quiet], stdout=log, stderr=log) as server,
    ):
        try:
            _wait_for(f"http://{address}/", server)
            yield S3(f"http://{address}", folder)
        finally:
            server.terminate()


def _wait_for(address: str, server: "subprocess.Popen[bytes]") -> None:
    """Until it answers, whatever it answers to somebody without a key."""
    waiting = urllib.request.Request(address)
    for _ in range(_START_S * 10):
        try:
            urllib.request.urlopen(waiting, timeout=5).close()
        except urllib.error.HTTPError as answer:
            answer.close()
            return
        except urllib.error.URLError:
            assert server.poll() is None, "the S3 server ended"
            try:
                server.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
        else:
            return
    raise AssertionError("the S3 server does not answer")
