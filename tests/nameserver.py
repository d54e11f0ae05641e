"""A name server on this machine, for TXT records: over UDP, and over TCP where an answer is long."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread

from tests.ports import free_port

HEAD = struct.Struct("!6H")


@dataclass
class NameServer:
    """What it knows by name, and what it was asked."""

    port: int
    records: dict[str, list[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    # Said instead of an answer, to UDP.
    garbage: bytes | None = None
    code: int = 0
    over_tcp: int = 0

    @property
    def servers(self) -> list[tuple[str, int]]:
        return [("127.0.0.1", self.port)]

    def answer(self, query: bytes, *, limit: int) -> bytes:
        number, *_ = HEAD.unpack_from(query)
        question = query[HEAD.size :]
        name = _name_of(question)
        self.asked.append(name)
        texts = self.records.get(name)
        code = self.code or (3 if texts is None else 0)
        body = b"".join(_record(text) for text in texts or [])
        whole = HEAD.pack(number, 0x8180 | code, 1, len(texts or []), 0, 0) + question + body
        return whole if len(whole) <= limit else HEAD.pack(number, 0x8380, 1, 0, 0, 0) + question


def _name_of(question: bytes) -> str:
    labels, at = [], 0
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode())
        at += 1 + question[at]
    return ".".join(labels)


def _record(text: str) -> bytes:
    data = text.encode()
    parts = b"".join(bytes((len(data[at : at + 255]),)) + data[at : at + 255] for at in range(0, len(data), 255))
    # The name is a pointer to the question's.
    return struct.pack("!HHHIH", 0xC00C, 16, 1, 60, len(parts)) + parts


@contextmanager
def open_nameserver() -> Iterator[NameServer]:
    """A name server on a free port of both kinds."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        stream.bind(("127.0.0.1", free_port()))
        stream.listen()
        server = NameServer(stream.getsockname()[1])
        datagrams.bind(("127.0.0.1", server.port))
        threads = [Thread(target=each, args=(server, sock), daemon=True) for each, sock in (
            (_serve_datagrams, datagrams), (_serve_stream, stream))]  # fmt: skip
        for thread in threads:
            thread.start()
        yield server
        stream.shutdown(socket.SHUT_RDWR)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", server.port))
        for thread in threads:
            thread.join()


def _serve_datagrams(server: NameServer, sock: socket.socket) -> None:
    while True:
        query, peer = sock.recvfrom(4096)
        if not query:
            return
        sock.sendto(server.garbage if server.garbage is not None else server.answer(query, limit=512), peer)


def _serve_stream(server: NameServer, sock: socket.socket) -> None:
    while True:
        try:
            connection, _ = sock.accept()
        except OSError:
            return
        with connection:
            (length,) = struct.unpack("!H", connection.recv(2, socket.MSG_WAITALL))
            answer = server.answer(connection.recv(length, socket.MSG_WAITALL), limit=65_535)
            server.over_tcp += 1
            connection.sendall(struct.pack("!H", len(answer)) + answer)
