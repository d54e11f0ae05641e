"""A mail server on this machine that takes mails, or does not, as a test wants it."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread


@dataclass
class MailServer:
    """What it took, and how it answers: `said` by the first four letters of a command, `data` once a mail is whole."""

    url: str = ""
    said: dict[bytes, bytes] = field(default_factory=dict)
    data: bytes = b"250 taken"
    taken: list[str] = field(default_factory=list)


@contextmanager
def mail_server(**answers: bytes) -> Iterator[MailServer]:
    """A server that listens; `rcpt=b"550 unknown"` answers so to that command, `quit=b""` hangs up without a word."""
    server = MailServer(said={name.upper().encode(): said for name, said in answers.items() if name != "data_end"})
    server.data = answers.get("data_end", server.data)

    class Line(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 mail.example\r\n")
            for line in self.rfile:
                command = line[:4].upper()
                if command == b"DATA" and command not in server.said:
                    self.wfile.write(b"354 go on\r\n")
                    mail = b"".join(iter(self.rfile.readline, b".\r\n")).decode()
                    if server.data.startswith(b"2"):
                        server.taken.append(mail)
                    said = server.data
                elif command == b"EHLO":
                    said = server.said.get(command, b"250-mail.example\r\n250 AUTH PLAIN")
                else:
                    said = server.said.get(command, b"221 bye" if command == b"QUIT" else b"250 ok")
                if not said:
                    return
                self.wfile.write(said + b"\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Line) as listening:
        listening.daemon_threads = True
        server.url = f"smtp://127.0.0.1:{listening.server_address[1]}"
        Thread(target=listening.serve_forever, daemon=True).start()
        yield server
        listening.shutdown()
