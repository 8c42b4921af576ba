"""`make bench`: measure the box and its peers, and print it. It judges nothing: it succeeds when all was measured."""

import argparse
import asyncio
import datetime as dt
import json
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from image.cache import BUILD
from image.network import Network
from image.progress import say
from tests.bench import measure
from tests.bench.figures import Figures
from tests.bench.measure import Entrant, Plan
from tests.bench.parlor import Parlor
from tests.bench.peers.ejabberd import Ejabberd, EjabberdOnSqlite
from tests.bench.peers.freedombox import FreedomBox
from tests.bench.peers.prosody import Prosody
from tests.bench.report import document, report
from tests.bench.system import System

SYSTEMS: tuple[type[System], ...] = (Parlor, EjabberdOnSqlite, Ejabberd, Prosody, FreedomBox)


def main(arguments: list[str]) -> int:
    """Build what is missing, measure, print."""
    options = _parser().parse_args(arguments)
    chosen = [system() for system in SYSTEMS if not options.only or system.name in options.only]
    with ExitStack() as stack:
        entrants = [Entrant(each, stack.enter_context(each.tree()), Figures(each.title)) for each in chosen]
        network = stack.enter_context(Network())  # not before the trees: it cuts the registries off
        # On the disk, not in memory: durable writes are half of what is measured.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=BUILD)))
        machine = _machine()
        started = time.monotonic()
        asyncio.run(_measure(entrants, network, folder, options))
        machine["load average"] += f" before, {_load()} after {time.monotonic() - started:.0f} s"
    measured = {entrant.system.name: entrant.figures for entrant in entrants}
    say()
    say(report(measured, machine))
    if options.json:
        options.json.write_text(json.dumps(document(measured, machine), indent=1), encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    names = [system.name for system in SYSTEMS]
    parser = argparse.ArgumentParser("tests.bench", description="measure the box beside its peers")
    parser.add_argument("--only", action="append", choices=names, help="this system; may be repeated")
    parser.add_argument("--rounds", type=int, default=Plan.rounds, help="starts of each system (default %(default)s)")
    parser.add_argument("--skip", choices=("starts", "messages"), help="leave this part out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all values there too")
    return parser


async def _measure(entrants: list[Entrant], network: Network, folder: Path, options: argparse.Namespace) -> None:
    plan = replace(Plan(), rounds=options.rounds)
    if options.skip != "starts":
        say("Starts and memory, each system alone:")
        await measure.starts_and_memory(entrants, network, folder, plan)
    if options.skip != "messages":
        say("Messages, the systems in turn …")
        await measure.messages(entrants, network, folder, plan)


def _machine() -> dict[str, str]:
    cpu = next(
        line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    )
    return {
        "date": f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC",
        "machine": f"{os.cpu_count()} cores ({cpu}), Linux {os.uname().release}",
        "load average": _load(),
    }


def _load() -> str:
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
