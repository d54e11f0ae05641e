"""A site of the outside world on this machine: https with a certificate, and a network in which it is public."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_connection, socket
from threading import Event, Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from qrmerch.clock import now
from qrmerch.fetch import Network

# Where names lead in this world; nobody connects to it.
PUBLIC = "93.184.216.34"
HOST = "pictures.example"


@dataclass
class Site:
    """What a site answers, by path, and what it was asked."""

    port: int
    trust: ssl.SSLContext
    answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    ended: Event = field(default_factory=Event)

    def serve(self, path: str, body: bytes, *, status: int = 200, length: bool = True, **headers: str) -> None:
        """Answer a path with these bytes; `content_type="…"` becomes a header."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(status)
            for name, value in headers.items():
                request.send_header(name.replace("_", "-"), value)
            if length:
                request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)

        self.answers[path] = answer

    def redirect(self, path: str, location: str, *, status: int = 302) -> None:
        self.serve(path, b"", status=status, Location=location)


@dataclass
class World:
    """Names and where they lead, changed by a test; every connection that was begun is kept."""

    site: Site
    names: dict[str, list[list[str]]] = field(default_factory=dict)
    looked_up: list[str] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.leads(HOST, PUBLIC)

    def leads(self, name: str, *addresses: str, then: tuple[str, ...] = ()) -> None:
        """Let a name lead to these addresses; from the second look on to `then`."""
        self.names[name] = [list(addresses), *([list(then)] if then else [])]

    def network(self, trust: ssl.SSLContext | None = None) -> Network:
        return Network(self._look_up, self._connect, trust or self.site.trust)

    def _look_up(self, host: str, port: int) -> list[str]:
        assert port == 443
        self.looked_up.append(host)
        if host not in self.names:
            raise OSError("Name or service not known")
        answers = self.names[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def _connect(self, address: tuple[str, int], timeout_s: float) -> socket:
        assert address[1] == 443
        self.connected.append(address[0])
        if address[0] != PUBLIC:
            raise ConnectionRefusedError(address)
        return create_connection(("127.0.0.1", self.site.port), timeout_s)


@contextmanager
def open_site(folder: Path, *names: str) -> Iterator[Site]:
    """A site on a free port, with a certificate for these names that its own `trust` takes."""
    certificate, key = _make_certificate(folder, names or (HOST,))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.asked.append({"path": self.path, **{name.lower(): value for name, value in self.headers.items()}})
            self.close_connection = True
            try:
                site.answers[self.path](self)
            except (KeyError, OSError):
                # Nothing is there, or the other side had enough.
                return

        def log_message(self, format: str, *args: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def finish_request(self, request, address) -> None:  # type: ignore[no-untyped-def]
            # Each in its own thread, so that one who says nothing holds nobody up.
            try:
                with context.wrap_socket(request, server_side=True) as wrapped:
                    super().finish_request(wrapped, address)
            except OSError:
                return

    server = Server(("127.0.0.1", 0), Handler)
    site = Site(server.server_address[1], ssl.create_default_context(cafile=str(certificate)))
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield site
    finally:
        site.ended.set()
        server.shutdown()
        server.server_close()


def _make_certificate(folder: Path, names: tuple[str, ...]) -> tuple[Path, Path]:
    private, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(hours=1))
        .not_valid_after(now() + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, key
