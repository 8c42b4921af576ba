"""What Conversations needs of the server: files, by upload (XEP-0363) and from phone to phone (XEP-0065)."""

import asyncio
import contextlib
import io
import secrets
import ssl
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest
from slixmpp.exceptions import IqError

from tests.box.core_side import as_core
from tests.box.house import ClaimedBox
from tests.box.people import Device, Person, browser, new_person, talk

UPLOADS = "/data/uploads"

# Thirty-two at a time for twenty seconds, straight at ejabberd: how many answers had the file, and how many not.
DOWNLOADS = """
import collections, socket, threading, time
ASK = b"GET /upload/aa/bb/proof.bin HTTP/1.1\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n"
lengths, end = collections.Counter(), time.monotonic() + 20
def download():
    while time.monotonic() < end:
        with socket.socket(socket.AF_UNIX) as server:
            server.connect("/run/parlor-ejabberd/http.sock")
            server.sendall(ASK)
            lengths[sum(iter(lambda: len(server.recv(1 << 18)), 0)) > 100_000] += 1
threads = [threading.Thread(target=download) for _ in range(32)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(lengths[True], lengths[False])
"""


@pytest.fixture(scope="module")
def ann(box: ClaimedBox) -> Person:
    return new_person(box)


async def slot(device: Device, name: str, size: int, kind: str = "application/octet-stream") -> tuple[str, str]:
    """Ask for a place; returns the addresses for PUT and GET."""
    upload = f"upload.{device.boundjid.domain}"
    answer = (await device["xep_0363"].request_slot(upload, name, size, kind))["http_upload_slot"]
    return str(answer["put"]["url"]), str(answer["get"]["url"])


async def stored(device: Device, box: ClaimedBox, name: str, content: bytes, kind: str = "") -> str:
    """Upload a file; returns its address."""
    put, get = await slot(device, name, len(content))
    headers = {"Content-Type": kind} if kind else {}
    async with browser(box) as http, http.put(put, data=io.BytesIO(content), headers=headers) as done:
        assert done.status == 201
    return get


def test_a_file_comes_back_as_it_went(ann: Person, box: ClaimedBox) -> None:
    content = secrets.token_bytes(3_000_000)

    async def scene(phone: Device) -> None:
        address = await stored(phone, box, "hällo wörld.jpg", content)
        assert urlsplit(address).hostname == f"upload.{box.domain}"
        async with browser(box) as http:
            async with http.get(address) as answer:
                assert answer.status == 200
                assert answer.headers["Content-Type"] == "image/jpeg"
                assert await answer.read() == content
            async with http.head(address) as answer:
                assert answer.headers["Content-Length"] == str(len(content))

    talk(scene, ann)


def test_every_download_on_a_busy_machine_has_its_file(box: ClaimedBox) -> None:
    """One in a thousand had not, while ejabberd's listener still handed the connection over."""
    folder = f"{UPLOADS}/aa/bb"
    make = f"mkdir -p {folder} && head -c 100000 /dev/urandom > {folder}/proof.bin && chown -R ejabberd {UPLOADS}/aa"
    box.box.run(["sh", "-c", make])
    said = box.box.run(["python3", "-c", DOWNLOADS % f"upload.{box.domain}"]).stdout
    box.box.run(["rm", "-r", f"{UPLOADS}/aa"])
    whole, broken = map(int, said.split())
    assert whole > 2000
    assert broken == 0


def test_pages_of_other_hosts_may_use_it(ann: Person, box: ClaimedBox) -> None:
    """A web client is a page of another host: it asks first (CORS), for both ways."""
    origin = {"Origin": f"https://{box.domain}"}

    async def scene(phone: Device) -> None:
        put, get = await slot(phone, "photo.png", 3)
        wish = origin | {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
        async with browser(box) as http:
            async with http.options(put, headers=wish) as answer:
                assert answer.status == 200
                assert answer.headers.getall("Access-Control-Allow-Origin") == ["*"]
                assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
                assert "content-type" in answer.headers["Access-Control-Allow-Headers"].lower()
            async with http.put(put, data=b"abc", headers=origin) as answer:
                assert answer.headers.getall("Access-Control-Allow-Origin") == ["*"]
            async with http.get(get, headers=origin) as answer:
                assert answer.headers.getall("Access-Control-Allow-Origin") == ["*"]
                assert "Access-Control-Allow-Credentials" not in answer.headers

    talk(scene, ann)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<script>alert(1)</script>"),
        ("page.xhtml", b"<html xmlns='http://www.w3.org/1999/xhtml'><script>alert(1)</script></html>"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("feed.xml", b"<?xml-stylesheet href='x.xsl'?><a/>"),
        ("script.js", b"alert(1)"),
        ("paper.pdf", b"%PDF-1.7"),
        ("nothing", b"<script>alert(1)</script>"),
        ("photo.jpg", b"<script>alert(1)</script>"),
    ],
)
def test_no_file_runs_in_a_browser(ann: Person, box: ClaimedBox, name: str, content: bytes) -> None:
    async def scene(phone: Device) -> None:
        address = await stored(phone, box, name, content, "text/html")
        async with browser(box) as http, http.get(address) as answer:
            assert answer.status == 200
            headers = answer.headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert all("sandbox" in policy for policy in headers.getall("Content-Security-Policy"))
        attached = headers.get("Content-Disposition", "").startswith("attachment")
        assert attached or headers["Content-Type"] == "image/jpeg"

    talk(scene, ann)


def test_only_a_promised_place_takes_a_file(ann: Person, box: ClaimedBox) -> None:
    async def scene(phone: Device) -> None:
        put, get = await slot(phone, "a.bin", 3)
        head, _, name = put.rpartition("/")
        guessed = f"{head.rpartition('/')[0]}/{secrets.token_urlsafe(30)}/{name}"
        async with browser(box) as http:
            for address, body, status in (
                (guessed, b"abc", 403),
                (put, b"abcd", 413),
                (put, b"abc", 201),
                (put, b"xyz", 403),
            ):
                async with http.put(address, data=body) as answer:
                    assert answer.status == status, (address, body)
            async with http.get(get) as answer:
                assert await answer.read() == b"abc"
            async with http.delete(get) as answer:
                assert answer.status == 405

    talk(scene, ann)


def test_a_file_beyond_the_limit_gets_no_place(ann: Person, box: ClaimedBox) -> None:
    async def scene(phone: Device) -> None:
        with pytest.raises(IqError) as refused:
            await slot(phone, "film.mkv", 100_000_001)
        assert "100000000" in str(refused.value.iq)
        await slot(phone, "film.mkv", 100_000_000)

    talk(scene, ann)


@pytest.mark.parametrize(
    "path",
    [
        "../../../etc/passwd",
        "%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "..%2f..%2f..%2fetc%2fpasswd",
        "a/b/..%2f..%2f..%2f..%2fdata%2fejabberd%2fejabberd.sqlite",
        "a/..%2f..%2fejabberd/ejabberd.sqlite",
        "%2e%2e/ejabberd/ejabberd.sqlite",
        "a/b/%00",
        "//etc/passwd",
        "",
        "a",
    ],
)
def test_nothing_but_uploads_is_served(box: ClaimedBox, path: str) -> None:
    async def look() -> None:
        reader, writer = await asyncio.open_connection(
            box.address, 443, ssl=_trusting(box), server_hostname=f"upload.{box.domain}"
        )
        request = f"GET /upload/{path} HTTP/1.1\r\nHost: upload.{box.domain}\r\nConnection: close\r\n\r\n"
        writer.write(request.encode())
        answer = await asyncio.wait_for(reader.read(), 15)
        assert answer.split()[1] in (b"400", b"403", b"404"), answer[:200]
        assert b"root:" not in answer
        assert b"SQLite" not in answer
        writer.close()

    asyncio.run(look())


def _trusting(box: ClaimedBox) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(box.house.authority.path))


def test_files_are_under_their_own_host_only(ann: Person, box: ClaimedBox) -> None:
    async def scene(phone: Device) -> None:
        address = await stored(phone, box, "a.bin", b"abc")
        async with browser(box) as http, http.get(address.replace("upload.", "", 1)) as answer:
            assert answer.status == 404

    talk(scene, ann)


@pytest.fixture
def small_space(box: ClaimedBox) -> Iterator[None]:
    """Ten megabytes for each person."""
    box.parlor("settings", "set", "files.quota_mb", "10")
    yield
    box.parlor("settings", "set", "files.quota_mb", "5000")


@pytest.mark.usefixtures("small_space")
def test_the_oldest_files_make_room(box: ClaimedBox) -> None:
    mebibyte = 1024 * 1024
    person = new_person(box)

    async def scene(phone: Device) -> None:
        addresses = [await stored(phone, box, f"{number}.bin", bytes(mebibyte)) for number in range(14)]
        async with browser(box) as http:
            states = []
            for address in addresses:
                async with http.get(address) as answer:
                    states.append(answer.status)
        assert states[0] == 404
        assert states[-1] == 200
        assert states == sorted(states, reverse=True)  # first the lost ones, then the kept ones
        assert 8 <= states.count(200) <= 10

    talk(scene, person)


def test_a_person_who_is_deleted_leaves_no_files(box: ClaimedBox) -> None:
    person = new_person(box)
    name = f"{secrets.token_hex(8)}.bin"

    async def scene(phone: Device) -> None:
        await stored(phone, box, name, b"abc")

    talk(scene, person)
    assert name in box.box.run(["find", UPLOADS]).stdout
    as_core(box, "delete", person.name)
    assert name not in box.box.run(["find", UPLOADS]).stdout


def test_phones_exchange_a_file_through_the_proxy(ann: Person, box: ClaimedBox) -> None:
    content = secrets.token_bytes(200_000)
    received = bytearray()

    async def scene(sender: Device, receiver: Device) -> None:
        for device in (sender, receiver):
            device.register_plugin("xep_0065", {"auto_accept": True})
        found = await sender["xep_0065"].discover_proxies()
        assert {str(jid): place for jid, place in found.items()} == {
            f"proxy.{box.domain}": (f"proxy.{box.domain}", "7777")
        }
        found.update(dict.fromkeys(found, (box.address, "7777")))  # this machine does not know the box's names
        done = asyncio.Event()

        def arrived(data: bytes) -> None:
            received.extend(data)
            if len(received) == len(content):
                done.set()

        receiver.add_event_handler("socks5_data", arrived)
        proxy = await sender["xep_0065"].handshake(receiver.boundjid)
        await proxy.write(content)
        await asyncio.wait_for(done.wait(), 15)
        for device in (sender, receiver):
            for stream in device["xep_0065"]._sessions.values():
                stream.transport.close()

    talk(scene, ann, new_person(box))
    assert bytes(received) == content


def test_the_proxy_carries_nothing_for_who_is_not_invited(box: ClaimedBox) -> None:
    """Without an activation by one of our people a connection to the proxy leads nowhere."""

    async def look() -> None:
        streams = []
        for _ in range(2):
            reader, writer = await asyncio.open_connection(box.address, 7777)
            writer.write(b"\x05\x01\x00")
            assert await asyncio.wait_for(reader.read(2), 15) == b"\x05\x00"
            digest = ("ab" * 20).encode()
            writer.write(b"\x05\x01\x00\x03" + bytes([len(digest)]) + digest + b"\x00\x00")
            await asyncio.wait_for(reader.read(7 + len(digest)), 15)
            streams.append((reader, writer))
        (_, out), (back, _) = streams
        out.write(b"hello?")
        with contextlib.suppress(TimeoutError):
            assert await asyncio.wait_for(back.read(6), 1) == b""
        for _, writer in streams:
            writer.close()

    asyncio.run(look())


def test_a_name_of_a_file_cannot_break_out_of_its_header(ann: Person, box: ClaimedBox) -> None:
    async def scene(phone: Device) -> None:
        evil = 'a";\r\nSet-Cookie: x=y;.bin'
        try:
            address = await stored(phone, box, evil, b"abc")
        except IqError:
            return
        async with browser(box) as http, http.get(address) as answer:
            assert "Set-Cookie" not in answer.headers
            assert quote("\r") not in answer.headers.get("Content-Disposition", "")

    talk(scene, ann)
