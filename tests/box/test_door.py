"""The front door: who is answered under which name, what reaches the programs behind, what every answer carries."""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from appliance.model import PORTAL_SOCKET, XMPP_HTTP_SOCKET
from image.box import Box
from tests.box.door import Answer, ask, connect, context, echo, read, send
from tests.box.house import ClaimedBox, House, claimed_box
from tests.box.phone import phone

DOMAIN = "door.example"
UPLOAD = f"upload.{DOMAIN}"
SECURITY = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
}
TOKEN = "kQ7vTOKENnobodyMayRead"  # an invitation, as it stands in a path
QUERY = "QUERYnobodyMayRead"


@pytest.fixture(scope="module")
def door(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClaimedBox]:
    """A claimed box whose portal and ejabberd are stand-ins that tell what they saw."""
    logs = tmp_path_factory.mktemp("door")
    with claimed_box(house, DOMAIN) as owned:
        owned.box.run(["systemctl", "stop", "parlor-portal.socket", "parlor-portal.service", "ejabberd.service"])
        with (
            echo(owned.box, PORTAL_SOCKET, "portal", logs / "portal"),
            echo(owned.box, XMPP_HTTP_SOCKET, "xmpp", logs / "xmpp"),
        ):
            yield owned


OWN_NAMES = [
    DOMAIN,
    "parlor.local",
    "localhost",
    "phone.localhost",
    "ADDRESS",
    "[ADDRESS6]",
    DOMAIN.upper(),
    f"{DOMAIN}.",
    f"{DOMAIN}:8443",
    "127.0.0.1:8443",
]
FOREIGN_NAMES = [
    "evil.example",
    f"{DOMAIN}.evil.example",
    f"evil-{DOMAIN}",
    f"www.{DOMAIN}",
    f"groups.{DOMAIN}",
    "localhost.evil.example",
    "evillocalhost",
    "10.0.0.1.evil.example",
    "parlor.local.evil.example",
    "parlor",
    "other.local",
    "0x7f000001",
    "xn--dor-xna.example",
]


def named(door: ClaimedBox, name: str) -> str:
    return name.replace("ADDRESS6", door.box.address6).replace("ADDRESS", door.box.address)


@pytest.mark.parametrize("name", OWN_NAMES)
def test_the_pages_answer_by_the_boxs_names_and_addresses(door: ClaimedBox, name: str) -> None:
    host = named(door, name)
    answer = ask(door.address, host, sni="")
    assert answer.status == 200
    assert answer.json()["behind"] == "portal"
    redirect = ask(door.address, host, "/a?b=c", port=80)
    assert redirect.status == 308
    assert redirect.header("location").startswith("https://")
    assert redirect.header("location").endswith("/a?b=c")


@pytest.mark.parametrize("name", FOREIGN_NAMES)
@pytest.mark.parametrize("port", [80, 443])
def test_under_any_other_name_nobody_is_there(door: ClaimedBox, name: str, port: int) -> None:
    answer = ask(door.address, name, port=port, sni="")
    assert answer.status == 421
    assert b"behind" not in answer.body
    assert len(answer.body) < 500


def test_without_a_name_nobody_is_there(door: ClaimedBox) -> None:
    assert send(door.address, b"GET / HTTP/1.0\r\n\r\n").status == 421
    assert send(door.address, b"GET / HTTP/1.1\r\nHost:\r\n\r\n").status in (400, 421)
    assert send(door.address, b"GET / HTTP/1.1\r\n\r\n").status == 400


@pytest.mark.parametrize("sni", ["evil.example", f"{DOMAIN}.evil.example", "www.parlor.local"])
@pytest.mark.parametrize("host", [DOMAIN, "parlor.local", UPLOAD])
def test_a_foreign_name_in_the_handshake_is_turned_away(door: ClaimedBox, sni: str, host: str) -> None:
    assert ask(door.address, host, sni=sni).status == 421
    assert ask(door.address, host, sni=host).status != 421


def everything(door: ClaimedBox) -> dict[str, Answer]:
    """One answer of every kind."""
    address = door.address
    long_line = b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: door.example\r\n\r\n"
    long_header = b"GET / HTTP/1.1\r\nHost: door.example\r\nX: " + b"a" * 9_000 + b"\r\n\r\n"
    return {
        "page 200": ask(address, DOMAIN),
        "page 404": ask(address, DOMAIN, "/?status=404"),
        "page 500": ask(address, DOMAIN, "/?status=500"),
        "static 404": ask(address, DOMAIN, "/static/none"),
        "trace 405": ask(address, DOMAIN, method="TRACE"),
        "body 413": _too_long(address, DOMAIN),
        "misdirected 421": ask(address, "evil.example"),
        "line 414": send(address, long_line),
        "header 400": send(address, long_header),
        "nonsense 400": send(address, b"NONSENSE\r\n\r\n"),
        "two hosts 400": send(address, b"GET / HTTP/1.1\r\nHost: door.example\r\nHost: evil.example\r\n\r\n"),
        "bad length 400": send(address, b"POST / HTTP/1.1\r\nHost: door.example\r\nContent-Length: x\r\n\r\n"),
        "bad version 505": send(address, b"GET / HTTP/3.0\r\nHost: door.example\r\n\r\n"),
        "smuggling 400": send(
            address,
            b"POST / HTTP/1.1\r\nHost: door.example\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
        ),
        "plain text to TLS 400": _plain(address),
        "redirect 308": ask(address, DOMAIN, port=80),
        "host-meta 200": ask(address, DOMAIN, "/.well-known/host-meta"),
        "upload 200": ask(address, UPLOAD, "/upload/a"),
        "upload 404": ask(address, UPLOAD, "/elsewhere"),
        "upload 405": ask(address, UPLOAD, "/upload/a", method="DELETE"),
        "upload 413": _too_long(address, UPLOAD),
    }


def _plain(address: str) -> Answer:
    with socket.create_connection((address, 443), 15) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: door.example\r\n\r\n")
        return read(connection)


def _too_long(address: str, host: str) -> Answer:
    head = f"PUT /upload/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 200000000\r\n\r\n"
    return send(address, head.encode(), sni=host)


def test_every_answer_carries_the_headers_that_bind_a_browser(door: ClaimedBox) -> None:
    answers = everything(door)
    for kind, answer in answers.items():
        expected = kind.rpartition(" ")[2]
        assert not expected.isdigit() or answer.status == int(expected), f"{kind}: {answer}"
        for name, value in SECURITY.items():
            assert answer.header(name) == value, f"{kind}: {name}"
        assert "camera=()" in answer.header("permissions-policy"), kind
        assert "default-src 'none'" in answer.header("content-security-policy"), kind
        assert "frame-ancestors 'none'" in answer.header("content-security-policy"), kind
        assert answer.header("server") in ("nginx", ""), kind
    assert len({answer.status for answer in answers.values()}) >= 10


def test_what_a_page_says_of_its_headers_does_not_weaken_them(door: ClaimedBox) -> None:
    lines = ["X-Frame-Options: ALLOWALL", "Content-Security-Policy: default-src *", "Referrer-Policy: unsafe-url"]
    query = "&".join(f"header={line.replace(' ', '%20')}" for line in lines)
    answer = ask(door.address, DOMAIN, f"/?{query}")
    assert answer.header("x-frame-options") == "DENY"
    assert answer.header("referrer-policy") == "no-referrer"
    assert "*" not in answer.header("content-security-policy")


def test_the_promise_of_https_is_made_by_the_own_domain_only(door: ClaimedBox) -> None:
    for host in (DOMAIN, UPLOAD):
        assert ask(door.address, host).header("strict-transport-security") == "max-age=31536000"
    for host in ("parlor.local", "localhost", door.address):
        assert ask(door.address, host, sni="").header("strict-transport-security") == ""


FORGED = {
    "X-Forwarded-For": "203.0.113.66",
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "6666",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Server": "evil.example",
    "X-Real-IP": "203.0.113.66",
    "X-Client-Address": "203.0.113.66",
    "Forwarded": "for=203.0.113.66;host=evil.example",
    "Proxy": "http://evil.example/",
    "X_Forwarded_For": "203.0.113.66",
}


@pytest.mark.parametrize(
    ("host", "path"), [(DOMAIN, "/"), (DOMAIN, "/bosh"), (UPLOAD, "/upload/a"), ("localhost", "/")]
)
def test_a_client_cannot_say_who_it_is(door: ClaimedBox, host: str, path: str) -> None:
    seen = ask(door.address, f"{host}:8443", path, headers=FORGED).json()
    headers = dict(seen["headers"])
    assert len(headers) == len(seen["headers"])
    assert headers["x-forwarded-for"] == door.house.network.address
    assert headers["x-forwarded-proto"] == "https"
    assert headers["x-forwarded-host"] == headers["host"] == f"{host}:8443"
    assert not any(word in str(seen) for word in ("203.0.113.66", "evil", "gopher", "6666"))


@pytest.mark.parametrize("suffix", [":evil", ":80@evil.example", ":<script>"])
def test_a_strange_port_is_not_passed_on(door: ClaimedBox, suffix: str) -> None:
    answer = ask(door.address, f"{DOMAIN}{suffix}", sni=DOMAIN)
    assert answer.status == 400 or dict(answer.json()["headers"])["x-forwarded-host"] == DOMAIN


CHAT = ["/.well-known/host-meta", "/.well-known/host-meta.json", "/xmpp-websocket", "/bosh"]
NOT_CHAT = [
    "/api",
    "/api/status",
    "/admin",
    "/admin/",
    "/bosh/",
    "/xmpp-websocket/x",
    "/upload/a",
    "/oauth",
    "/register",
]


@pytest.mark.parametrize("path", CHAT)
def test_chat_for_browsers_is_behind_the_domain_only(door: ClaimedBox, path: str) -> None:
    assert ask(door.address, DOMAIN, path).json()["behind"] == "xmpp"
    assert ask(door.address, "parlor.local", path).json()["behind"] == "portal"


@pytest.mark.parametrize("path", [*NOT_CHAT, "/bosh/../api", "/.well-known/host-meta/%2e%2e/%2e%2e/api", "//api"])
@pytest.mark.parametrize("host", [DOMAIN, "parlor.local", "localhost", UPLOAD])
def test_nothing_else_of_the_chat_server_is_behind_any_name(door: ClaimedBox, host: str, path: str) -> None:
    answer = ask(door.address, host, path)
    if host == UPLOAD and path == "/upload/a":
        assert answer.json()["behind"] == "xmpp"
    elif host == UPLOAD:
        assert answer.status == 404
    else:
        assert answer.json()["behind"] == "portal"


@pytest.mark.parametrize("path", ["/upload/../api", "/upload/%2e%2e/api", "/upload/..%2fapi"])
def test_no_path_climbs_out_of_the_uploads(door: ClaimedBox, path: str) -> None:
    answer = ask(door.address, UPLOAD, path)
    assert answer.status == 404 or answer.json()["path"].startswith("/upload/")


def test_only_the_websocket_may_leave_http(door: ClaimedBox) -> None:
    upgrade = {"Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
    assert (
        dict(ask(door.address, DOMAIN, "/xmpp-websocket", headers=upgrade).json()["headers"])["upgrade"] == "websocket"
    )
    assert "upgrade" not in dict(ask(door.address, DOMAIN, "/", headers=upgrade).json()["headers"])


ACTIVE = [
    "image/svg+xml",
    "text/html",
    "application/xhtml+xml",
    "text/xml",
    "application/pdf",
    "text/javascript",
    "",
    "x",
]
PASSIVE = ["image/png", "image/jpeg", "video/mp4", "audio/ogg", "text/plain;%20charset=utf-8"]


@pytest.mark.parametrize("kind", [*ACTIVE, *PASSIVE])
def test_what_people_send_runs_nowhere(door: ClaimedBox, kind: str) -> None:
    weak = "header=Content-Disposition:%20inline&header=Content-Security-Policy:%20default-src%20*"
    answer = ask(door.address, UPLOAD, f"/upload/a?type={kind}&{weak}")
    assert answer.status == 200
    assert answer.header("content-disposition") == ("attachment" if kind in ACTIVE else "")
    assert answer.header("content-security-policy").startswith("sandbox; default-src 'none'")
    assert answer.header("x-content-type-options") == "nosniff"


def test_a_file_is_passed_on_while_it_arrives(door: ClaimedBox) -> None:
    with connect(door.address, sni=UPLOAD) as connection:
        connection.sendall(f"PUT /upload/a HTTP/1.1\r\nHost: {UPLOAD}\r\nContent-Length: 50000000\r\n\r\n".encode())
        connection.sendall(b"a" * 100_000)
        assert read(connection, "PUT").json()["first"] > 0


def handshake(address: str, version: ssl.TLSVersion) -> str:
    """The version agreed on when a client offers only this one."""
    client = context(minimum_version=version, maximum_version=version)
    client.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection((address, 443), 15) as raw, client.wrap_socket(raw, server_hostname=DOMAIN) as tls:
        return tls.version() or ""


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_older_than_1_2_is_refused(door: ClaimedBox) -> None:
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        with pytest.raises(ssl.SSLError, match="alert protocol version"):
            handshake(door.address, version)
    assert handshake(door.address, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    assert handshake(door.address, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"


def test_a_client_that_dawdles_is_shown_out(door: ClaimedBox) -> None:
    with connect(door.address, sni=DOMAIN) as slow:
        slow.settimeout(20)
        slow.sendall(b"GET / HTTP/1.1\r\nHost: ")
        begun = time.monotonic()
        with contextlib.suppress(ConnectionError):
            assert slow.recv(1024) == b""
        assert 5 < time.monotonic() - begun < 15
    assert ask(door.address, DOMAIN).status == 200


def test_no_token_and_no_query_is_written_down(door: ClaimedBox) -> None:
    path = f"/invite/{TOKEN}?status=503&q={QUERY}"
    assert ask(door.address, DOMAIN, path).status == 503
    send(door.address, f"GET {path} HTTP/1.1\r\nHost: {DOMAIN}\r\nHost: {QUERY}\r\n\r\n".encode())
    for _ in range(2):
        with connect(door.address, sni=DOMAIN) as gone:  # a client that leaves, an upstream that fails
            gone.sendall(f"GET {path}&type=%00 HTTP/1.1\r\nHost: {DOMAIN}\r\n\r\n".encode())
    time.sleep(0.5)
    journal = door.box.journal("--boot", "--output=export")
    assert "503 GET /invite of door.example" in journal
    assert TOKEN not in journal
    assert QUERY not in journal


def test_a_box_without_its_pages_says_so_kindly(unclaimed_box: Box) -> None:
    box = unclaimed_box
    assert ask(box.address, "parlor.local", sni="").status in (200, 302, 303)
    box.run(["systemctl", "stop", "parlor-portal.socket", "parlor-portal.service"])
    answer = ask(box.address, "parlor.local", f"/invite/{TOKEN}?q={QUERY}", method="POST", body=b"a=b", sni="")
    assert answer.status == 503
    assert answer.header("retry-after")
    page = answer.body.decode()
    assert 'http-equiv="refresh"' in page
    assert [lang for lang in ("en", "es", "de") if f'<p lang="{lang}">' in page] == ["en", "es", "de"]
    for name, value in SECURITY.items():
        assert answer.header(name) == value
    journal = box.journal("--boot", "--output=export")
    assert TOKEN not in journal
    assert QUERY not in journal
    box.run(["systemctl", "start", "parlor-portal.socket", "parlor-portal.service"])
    assert ask(box.address, "parlor.local", sni="").status in (200, 302, 303)


HOSTILE_FILES = {
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "page.html": b"<script>alert(1)</script>",
    "page.xhtml": b'<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>',
    "feed.xml": b"<?xml version='1.0'?><a/>",
    "script.js": b"alert(1)",
    "paper.pdf": b"%PDF-1.4",
    "nothing": b"<script>alert(1)</script>",
}
PICTURE = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


def test_real_uploads_come_back_saved_not_run(box: ClaimedBox) -> None:
    name, password = box.new_person()

    async def send_all() -> dict[str, str]:
        async with phone(f"{name}@{box.domain}", password, box.address, box.house.authority.path) as sender:
            files = {**HOSTILE_FILES, "photo.png": PICTURE}
            return {file: await sender.upload(content, file, box.address) for file, content in files.items()}

    for file, url in asyncio.run(send_all()).items():
        parts = urlsplit(url)
        answer = ask(box.address, parts.netloc, parts.path)
        assert answer.status == 200
        assert answer.body == {**HOSTILE_FILES, "photo.png": PICTURE}[file]
        assert answer.header("content-disposition") == ("attachment" if file in HOSTILE_FILES else ""), file
        assert answer.header("content-security-policy").startswith("sandbox"), file
        assert answer.header("x-content-type-options") == "nosniff"
