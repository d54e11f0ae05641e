"""Reading what somebody outside names: only from public addresses, only over https, and never for long."""

import socket
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from qrmerch import fetch as fetching
from qrmerch.fetch import AddressPrivate, FetchFailed, fetch, is_public
from tests.https import HOST, PUBLIC, Site, World, open_site

URL = f"https://{HOST}/top.jpg"
# Everything that is somebody's inside, as plain addresses.
PRIVATE = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255"),  # noqa: S104
    *("192.168.1.1", "169.254.169.254", "169.254.0.1", "100.64.0.1", "100.100.100.200", "100.127.255.255"),
    *("192.0.0.1", "192.0.0.9", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.19.255.255", "198.51.100.1"),
    *("203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.88.99.1", "168.63.129.16"),
    *("::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:93.184.216.34", "::127.0.0.1", "::93.184.216.34"),
    *("64:ff9b::7f00:1", "64:ff9b::5db8:d822", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a00:1::1", "2001::1"),
    *(
        "2001:0:5db8:d822::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "3fff::1",
        "100::1",
        "fc00::1",
        "fd00:ec2::254",
    ),
    *("fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1", "5f00::1"),
]
# The same few in the other ways in which a resolver of C takes them.
DISGUISED = [
    *("2130706433", "0x7f000001", "017700000001", "0x7f.1", "127.1", "127.0.1", "0177.0.0.1", "0x7f.0x0.0x0.0x1"),
    *(
        "0",
        "0x0",
        "00000000000",
        "167772161",
        "0xa000001",
        "3232235777",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
    ),
    *("127.0.0.1.", "localhost", "localhost."),
    # Full-width digits, and dots of other scripts.
    *("１２７.０.０.１", "127。0。0。1", "①②⑦.0.0.1"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("site"), HOST, "other.example", "xn--mnchen-3ya.example") as opened:
        yield opened


@pytest.fixture
def world(site: Site) -> World:
    site.answers.clear()
    site.asked.clear()
    site.serve("/top.jpg", b"a picture", content_type="image/jpeg")
    return World(site)


def get(world: World, url: str = URL, *, max_bytes: int = 1000, timeout_s: float = 5) -> bytes:
    return fetch(url, max_bytes=max_bytes, timeout_s=timeout_s, accept="image/*", network=world.network()).data


def refused(world: World, url: str = URL, **limits: float) -> str:
    with pytest.raises(FetchFailed) as told:
        get(world, url, **limits)  # type: ignore[arg-type]
    return told.value.detail


def test_a_public_file_is_fetched_by_name(world: World) -> None:
    found = fetch(URL, max_bytes=1000, timeout_s=5, network=world.network())

    assert (found.data, found.url) == (b"a picture", URL)
    assert world.looked_up == [HOST]
    assert world.connected == [PUBLIC]


def test_we_say_who_asks_and_nothing_else(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    world.site.serve("/top.jpg", b"a picture", Set_Cookie="who=you")

    get(world)
    get(world)

    assert {frozenset(each) for each in world.site.asked} == {
        frozenset({"path", "host", "user-agent", "accept", "accept-encoding", "connection"})
    }
    assert world.site.asked[1]["host"] == HOST
    assert world.site.asked[1]["accept-encoding"] == "identity"


@pytest.mark.parametrize("address", PRIVATE)
def test_sec_f10_nothing_private_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"])
def test_what_everybody_can_reach_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_sec_f10_a_name_that_leads_inside_is_never_connected_to(world: World, address: str) -> None:
    world.leads("inside.example", address)
    world.leads("both.example", PUBLIC, address)

    for host in ("inside.example", "both.example"):
        with pytest.raises(AddressPrivate):
            get(world, f"https://{host}/top.jpg")

    assert world.connected == []


@pytest.mark.parametrize("host", [*DISGUISED, *(f"[{each}]" if ":" in each else each for each in PRIVATE)])
def test_sec_f10_a_private_address_is_known_however_it_is_written(world: World, host: str) -> None:
    """With the resolver of this machine, which takes all these forms."""
    network = fetching.Network(fetching.look_up, world.network().connect, world.site.trust)

    with pytest.raises(FetchFailed):
        fetch(f"https://{host}/top.jpg", max_bytes=1000, timeout_s=5, network=network)

    assert world.connected == []


def test_sec_f10_the_second_look_of_a_rebinding_name_is_never_taken(world: World) -> None:
    world.leads("other.example", PUBLIC, then=("127.0.0.1",))

    assert get(world, "https://other.example/top.jpg") == b"a picture"
    assert (world.looked_up, world.connected) == (["other.example"], [PUBLIC])
    with pytest.raises(AddressPrivate):
        get(world, "https://other.example/top.jpg")

    assert world.connected == [PUBLIC]


def test_sec_f10_a_name_that_rebinds_between_redirects_is_looked_at_again(world: World) -> None:
    world.leads("other.example", PUBLIC, then=("127.0.0.1",))
    world.site.redirect("/first", "/top.jpg")

    with pytest.raises(AddressPrivate):
        get(world, "https://other.example/first")

    assert world.connected == [PUBLIC]


def test_a_redirect_is_followed_with_every_rule_asked_again(world: World) -> None:
    world.leads("other.example", PUBLIC)
    world.site.redirect("/a", "/b?size=large of all", status=301)
    world.site.redirect("/b?size=large%20of%20all", "//other.example/c", status=307)
    world.site.redirect("/c", "top.jpg", status=308)

    assert get(world, f"https://{HOST}/a") == b"a picture"
    assert world.looked_up == [HOST, HOST, "other.example", "other.example"]


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("http://pictures.example/top.jpg", "Only addresses that begin with https"),
        ("ftp://pictures.example/top.jpg", "Only addresses that begin with https"),
        ("file:///etc/passwd", "no address of a file"),
        ("https://127.0.0.1/top.jpg", "private network"),
        ("https://inside.example/top.jpg", "private network"),
        ("https://pictures.example:8443/top.jpg", "a port of its own"),
        ("https://vera:secret@pictures.example/top.jpg", "name or password"),
        ("https://[::1", "leads on to one that is none"),
    ],
)
def test_sec_f10_a_redirect_leads_nowhere_that_is_not_allowed(world: World, location: str, says: str) -> None:
    world.leads("inside.example", "192.168.1.1")
    world.leads("127.0.0.1", "127.0.0.1")
    world.site.redirect("/away", location)

    assert says in refused(world, f"https://{HOST}/away")
    assert world.connected == [PUBLIC]


def test_redirects_without_end_are_left(world: World) -> None:
    world.site.redirect("/round", "/round")

    assert "leads on and on" in refused(world, f"https://{HOST}/round")
    assert len(world.site.asked) == 4


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://pictures.example/top.jpg", "Only addresses that begin with https"),
        ("gopher://pictures.example/_GET", "Only addresses that begin with https"),
        ("javascript:alert(1)", "no address of a file"),
        ("top.jpg", "no address of a file"),
        ("https://", "no address of a file"),
        ("https:///top.jpg", "no address of a file"),
        ("https://pictures.example:70000/", "no address of a file"),
        ("https://pictures.example:22/", "a port of its own"),
        ("https://pictures.example:80/", "a port of its own"),
        ("https://vera@pictures.example/", "name or password"),
        ("https://pictures.example@127.0.0.1/", "name or password"),
        ("https://pictures.example\\@127.0.0.1/", "no address of a file"),
        ("https://pictures.example/a\r\nX-More: yes", "no address of a file"),
        ("https://pictures.example/\x00", "no address of a file"),
        ("https://" + "a" * 300 + ".example/", "no address of a file"),
        ("https://pictures.example/" + "a" * 3000, "no address of a file"),
    ],
)
def test_what_is_no_address_of_a_public_file_is_not_even_looked_up(world: World, url: str, says: str) -> None:
    assert says in refused(world, url)
    assert (world.looked_up, world.connected) == ([], [])


def test_a_name_in_other_letters_is_asked_as_certificates_spell_it(world: World) -> None:
    world.leads("xn--mnchen-3ya.example", PUBLIC)
    world.site.serve("/Kleid%20gr%C3%BCn.jpg", b"green")

    assert get(world, "https://münchen.example/Kleid grün.jpg") == b"green"


def test_the_next_address_is_tried_when_one_does_not_answer(world: World) -> None:
    world.leads(HOST, "93.184.216.1", PUBLIC)

    assert get(world) == b"a picture"
    assert world.connected == ["93.184.216.1", PUBLIC]


def test_an_unknown_name_and_a_closed_door_are_said_plainly(world: World) -> None:
    world.leads("closed.example", "93.184.216.1")

    assert "cannot be reached" in refused(world, "https://nobody.example/top.jpg")
    assert "cannot be reached" in refused(world, "https://closed.example/top.jpg")


def test_sec_f10_a_certificate_of_another_name_is_refused_before_anything_is_asked(world: World) -> None:
    world.leads("stranger.example", PUBLIC)

    assert "certificate" in refused(world, "https://stranger.example/top.jpg")
    assert world.site.asked == []


def test_sec_f10_a_certificate_that_nobody_signed_is_refused(world: World) -> None:
    with pytest.raises(FetchFailed, match="certificate"):
        fetch(URL, max_bytes=10, timeout_s=5, network=world.network(ssl.create_default_context()))

    assert world.site.asked == []


def test_a_long_file_is_refused_by_what_it_says_and_by_what_it_sends(world: World) -> None:
    world.site.serve("/long", b"x" * 1001)
    world.site.serve("/lies", b"x" * 1001, length=False)
    world.site.serve("/fits", b"x" * 1000, length=False)

    assert "larger than" in refused(world, f"https://{HOST}/long")
    assert "larger than" in refused(world, f"https://{HOST}/lies")
    assert len(get(world, f"https://{HOST}/fits")) == 1000


@pytest.mark.parametrize("is_chunked", [False, True])
def test_an_endless_body_ends_at_the_limit(world: World, *, is_chunked: bool) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        if is_chunked:
            request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        while not world.site.ended.is_set():
            request.wfile.write(b"400\r\n" + b"x" * 1024 + b"\r\n" if is_chunked else b"x" * 1024)

    world.site.answers["/endless"] = answer

    assert "larger than" in refused(world, f"https://{HOST}/endless", max_bytes=200_000)


@pytest.mark.parametrize("where", ["handshake", "header", "body"])
def test_sec_f10_a_slow_drip_ends_with_the_time(world: World, where: str) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        if where == "body":
            request.send_response(200)
            request.send_header("Content-Length", "900")
            request.end_headers()
        while not world.site.ended.wait(0.02):
            request.wfile.write(b"x")

    world.site.answers["/slow"] = answer
    if where == "handshake":
        # A door that opens, and then says nothing.
        assert "too long" in refused_by_silence(world)
    else:
        assert "too long" in refused(world, f"https://{HOST}/slow", timeout_s=0.4)


def refused_by_silence(world: World) -> str:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        plain = world.network()
        network = fetching.Network(
            plain.lookup, lambda _, timeout_s: socket.create_connection(silent.getsockname(), timeout_s), plain.trust
        )
        with pytest.raises(FetchFailed) as told:
            fetch(URL, max_bytes=10, timeout_s=0.4, network=network)
        return told.value.detail


def test_a_resolver_that_does_not_answer_ends_with_the_time(world: World) -> None:
    plain = world.network()

    def hang(_host: str, _port: int) -> list[str]:
        world.site.ended.wait(5)
        return [PUBLIC]

    with pytest.raises(FetchFailed, match="too long"):
        fetch(URL, max_bytes=10, timeout_s=0.2, network=fetching.Network(hang, plain.connect, plain.trust))

    assert world.connected == []


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "zstd", "gzip, identity"])
def test_a_compressed_body_is_not_unpacked(world: World, encoding: str) -> None:
    world.site.serve("/packed", b"\x1f\x8b" + b"x" * 50, Content_Encoding=encoding)

    assert "compressed" in refused(world, f"https://{HOST}/packed")


@pytest.mark.parametrize("status", [204, 206, 300, 304, 401, 403, 404, 410, 429, 500, 503])
def test_whatever_is_not_the_file_is_told_by_its_number(world: World, status: int) -> None:
    world.site.serve("/gone", b"" if status in (204, 304) else b"sorry", status=status, length=status not in (204, 304))

    assert f"answers {status}" in refused(world, f"https://{HOST}/gone")


def test_an_answer_that_breaks_off_is_no_file(world: World) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "900")
        request.end_headers()
        request.wfile.write(b"half")

    world.site.answers["/half"] = answer

    assert "broke off" in refused(world, f"https://{HOST}/half")


def test_an_answer_of_another_language_is_no_file(world: World) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n" * 3)

    world.site.answers["/ssh"] = answer

    assert "broke off" in refused(world, f"https://{HOST}/ssh")
