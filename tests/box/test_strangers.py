"""A fresh box and everything a stranger may throw at it: thousands of generated requests change nothing."""

import asyncio
import random
import ssl
from collections import Counter
from collections.abc import Iterator

import aiohttp
import pytest

from image.box import Box
from image.process import run
from tests.box.house import House
from tests.box.portal_user import as_portal

pytestmark = pytest.mark.timeout(240)

COUNT = 5000
NEIGHBOURS = 50
PATHS = (
    "/", "/setup", "/setup/claim", "/setup/language", "/setup/name", "/setup/domain", "/setup/admin", "/setup/people",
    "/setup/review", "/setup/progress", "/setup/done", "/login", "/logout", "/account", "/people", "/people/ann",
    "/people/ann/delete", "/settings", "/invite/x", "/health", "/static/style.css", "/v1/box", "/v1/setup",
    "/api/register",
    "/admin", "/xmpp-websocket", "/bosh", "/upload/x", "/.well-known/host-meta", "/.parlor/alive",
)  # fmt: skip
PIECES = ("..", "%2e%2e", "%00", "{{7*7}}", "<script>", "'", '"', ";", "xn--", "%ff", "a" * 300, "://", "\\", "\u202e")
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW")
FIELDS = (
    "code", "csrf_token", "box.name", "box.language", "domain.kind", "domain.name", "admin.name", "admin.password",
    "people", "name", "password", "token", "next",
)  # fmt: skip


@pytest.fixture
def neighbours(house: House) -> Iterator[tuple[str, ...]]:
    """Addresses in the house from which requests come: one alone would only meet the limit of its pace."""
    addresses = tuple(str(house.network.ipv4[200 + index]) for index in range(NEIGHBOURS))
    for address in addresses:
        run(["ip", "address", "add", f"{address}/24", "dev", house.network.bridge])
    yield addresses
    for address in addresses:
        run(["ip", "address", "delete", f"{address}/24", "dev", house.network.bridge])


def state(box: Box) -> bytes:
    """All that the core keeps, but for the sessions of those who claimed."""
    folder = box.data / "core"
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.name != "sessions.json")


def path_of(chance: random.Random) -> str:
    path = chance.choice(PATHS)
    while chance.random() < 0.3:
        path += "/" + chance.choice(PIECES)
    if chance.random() < 0.2:
        path += "?" + chance.choice(FIELDS) + "=" + chance.choice(PIECES)
    return path


def form_of(chance: random.Random) -> dict[str, str]:
    return {field: chance.choice(PIECES) * chance.randint(0, 50) for field in chance.sample(FIELDS, 4)}


async def throw(address: str, sources: tuple[str, ...]) -> Counter[int]:
    """Send the requests; returns how often each status came, 0 for a connection that was shut."""
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE

    async def from_one(index: int, source: str) -> Counter[int]:
        chance = random.Random(index)
        seen: Counter[int] = Counter()
        connector = aiohttp.TCPConnector(ssl=trust, local_addr=(source, 0), limit=2)
        async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as http:
            for _ in range(COUNT // NEIGHBOURS):
                url = f"https://{address}{path_of(chance)}"
                body = form_of(chance) if chance.random() < 0.7 else None
                try:
                    async with http.request(chance.choice(METHODS), url, data=body, allow_redirects=False) as answer:
                        seen[answer.status] += 1
                except (aiohttp.ClientError, ValueError):
                    seen[0] += 1
        return seen

    return sum(await asyncio.gather(*(from_one(*each) for each in enumerate(sources))), Counter())


def test_five_thousand_requests_change_nothing_on_an_unclaimed_box(
    unclaimed_box: Box, neighbours: tuple[str, ...]
) -> None:
    before = state(unclaimed_box)
    seen = asyncio.run(throw(unclaimed_box.address, neighbours))
    assert seen.total() == COUNT
    assert seen[0] < COUNT // 50, seen
    assert not [status for status in seen if status >= 500 and status != 501], seen
    assert state(unclaimed_box) == before
    assert not as_portal(unclaimed_box, 'result = call("GET", "/v1/box")')["claimed"]


WILD = """
import random
chance = random.Random(7)
leaves = [None, True, 0, -1, 1e308, "", "x" * 999, "\\u202e", "\\ud800", "\\x00", [], {}, ["a"] * 60, {"a": {"a": {}}}]
keys = "code box domain admin people settings name password kind language role disabled".split()
paths = "claim setup setup/draft sessions session session/password people people/ann people/%2e%2e people/ann/reset"
paths += " invitations/x invitations/x/password settings apply certificate jobs/x status"

def value(depth):
    if depth == 0 or chance.random() < 0.5:
        return chance.choice(leaves)
    return {chance.choice(keys): value(depth - 1) for _ in range(3)}

def throw():
    method, path = chance.choice(["GET", "POST", "PUT", "PATCH", "DELETE"]), chance.choice(paths.split())
    token, address = chance.choice(["", "x", "é"]), chance.choice(["", "10.0.0.1", "x" * 500])
    return call(method, "/v1/" + path, value(3), token, address).get("error", "done")

result = sorted({throw() for _ in range(count)})
"""
REFUSALS = {"denied", "logged-out", "invalid", "missing", "too-many", "conflict", "unavailable", "expired"}


def test_generated_documents_change_nothing_in_the_core(unclaimed_box: Box) -> None:
    before = state(unclaimed_box)
    errors = as_portal(unclaimed_box, WILD, count=COUNT)
    assert "Traceback" not in unclaimed_box.journal("--unit=parlor-core.service")
    assert set(errors) <= REFUSALS
    assert state(unclaimed_box) == before
