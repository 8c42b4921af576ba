"""What conference rooms cost and hold: `python3 -m tests.bench.rooms` (also part of `make bench`). It judges nothing.

`docs/bench.md` says how each figure is measured.
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp

from appliance.services.janus import API_SOCKET
from image.network import Network
from image.progress import say
from image.tree import mounted_tree
from tests.bench.media.bare import bare
from tests.bench.media.counter import BEFORE_THE_BOX, Counter
from tests.bench.media.crowd import Enter, Shape, gathered
from tests.bench.media.glass import glass_to_glass
from tests.bench.media.load import Load, load
from tests.bench.media.visitors import doors, room_name
from tests.bench.media.weight import weight
from tests.box.authority import Authority
from tests.box.house import ClaimedBox, House, NameServer, claimed_box

TURNS = 3
MEASURED_S = 15.0
CAMERA, SMALL = 480_000, 150_000  # bit/s
COST = Shape(rooms=4, senders=3, viewers=15, bit_s=CAMERA)
AUDIENCE = Shape(rooms=1, senders=5, viewers=100, bit_s=CAMERA)
MEETING = Shape(rooms=1, senders=16, viewers=0, bit_s=SMALL)

Results = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """How long all took to come in, and what passed then."""

    joined_s: float
    load: Load


def main(arguments: list[str]) -> int:
    """Measure, print."""
    options = _parser().parse_args(arguments)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    os.nice(BEFORE_THE_BOX)
    results: Results = {}
    with ExitStack() as stack:
        tree = stack.enter_context(mounted_tree())
        network = stack.enter_context(Network())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        names = NameServer(network, folder)
        stack.callback(names.close)
        house = House(tree, network, names, Authority(folder), folder)
        box = stack.enter_context(claimed_box(house, "rooms.example"))
        _make_room(box)
        for part in options.only or _MEASURES:
            results[part] = _MEASURES[part](box)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1), encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("tests.bench.rooms", description="measure conference rooms")
    parser.add_argument("--only", action="append", choices=_MEASURES, help="this part; may be repeated")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all values there too")
    return parser


def _make_room(box: ClaimedBox) -> None:
    names = ["home", *(room_name(number) for number in range(TURNS * COST.rooms + 3))]
    box.parlor("settings", "set", "rooms.always", ", ".join(names))
    box.parlor("settings", "set", "rooms.max_viewers", "200")
    box.wait_until_well()


async def _cost(box: ClaimedBox) -> Results:
    """The box and bare Janus in turn."""
    ours, others = [], []
    for turn in range(TURNS):
        async with _visitors(box, turn * COST.rooms) as enter:
            ours.append((await _loaded(box, COST, enter)).load)
        say(f"  the box   {_words(ours[-1])}")
        async with bare(f"/proc/{box.box.leader}/root{API_SOCKET}", COST) as rooms:
            others.append((await _loaded(box, COST, rooms.enter)).load)
        say(f"  bare      {_words(others[-1])}")
    own, other = (statistics.median(each.cpu_per_gbit for each in loads) for loads in (ours, others))
    cameras = statistics.median(each.cameras_per_core for each in ours)
    say(f"CPU a Gbit forwarded     {own:7.2f} s, bare Janus {other:.2f} s: bare/ours {other / own:.2f}")
    say(f"cameras a core           {cameras:7.0f} of {CAMERA // 1000} kbit/s, with their sound")
    return {"parlor": [asdict(each) for each in ours], "bare": [asdict(each) for each in others], "ratio": other / own}


async def _audience(box: ClaimedBox) -> Results:
    return await _alone(box, AUDIENCE, TURNS * COST.rooms)


async def _meeting(box: ClaimedBox) -> Results:
    return await _alone(box, MEETING, TURNS * COST.rooms + 1)


async def _alone(box: ClaimedBox, shape: Shape, room: int) -> Results:
    async with _visitors(box, room) as enter:
        found = await _loaded(box, shape, enter)
    viewers = f" and {shape.viewers} viewers" if shape.viewers else ""
    say(f"{shape.senders} people{viewers} in a room, cameras of {shape.bit_s // 1000} kbit/s")
    say(f"  all in after           {found.joined_s:7.1f} s")
    say(f"  {_words(found.load)}")
    return asdict(found)


def _glass(box: ClaimedBox) -> Results:
    found = glass_to_glass(box, room_name(TURNS * COST.rooms + 2))
    say(f"glass to glass           {found.median_ms:7.0f} ms median, {found.p95_ms:.0f} ms p95")
    return asdict(found)


def _weight(box: ClaimedBox) -> Results:
    found = weight(box)
    say(f"room page                {sum(found.page.values()) / 1000:7.1f} kB in {len(found.page)} files")
    say(f"  and joined             {sum(found.joined.values()) / 1000:7.1f} kB in {len(found.joined)} files")
    return asdict(found)


_MEASURES: dict[str, Callable[[ClaimedBox], Results]] = {
    "cost": lambda box: asyncio.run(_cost(box)),
    "audience": lambda box: asyncio.run(_audience(box)),
    "meeting": lambda box: asyncio.run(_meeting(box)),
    "glass": _glass,
    "weight": _weight,
}


@asynccontextmanager
async def _visitors(box: ClaimedBox, first: int) -> AsyncIterator[Enter]:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield doors(box, session, first).enter


async def _loaded(box: ClaimedBox, shape: Shape, enter: Enter) -> Found:
    asyncio.get_running_loop().set_exception_handler(_unless_late)
    with Counter() as counter:
        async with gathered(shape, enter, counter) as crowd:
            return Found(crowd.joined_s, await load(crowd, counter, box.box.leader, MEASURED_S))


def _unless_late(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An answer and its time limit may come at once, which aioice does not expect; nothing is the worse."""
    if not isinstance(context.get("exception"), asyncio.InvalidStateError):
        loop.default_exception_handler(context)


def _words(found: Load) -> str:
    tally = found.tally
    return "; ".join(
        (
            f"{found.sent} packets for receivers, {found.lost} lost ({found.lost / found.sent:.2%})",
            f"{tally.dropped} of them at the clients' own sockets",
            f"{tally.size * 8 / found.seconds / 1e6:.0f} Mbit/s",
            f"the box's media {found.cpu.media / found.seconds:.2f} cores ({found.cpu_per_gbit:.2f} s a Gbit)",
            f"clients {found.clients_share:.0%} of the CPU that was used",
            f"all cores {found.busy:.0%} busy",
        )
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
