"""The measurements, interleaved so that a slow minute of the machine hits every system."""

import asyncio
import random
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from image.network import Network
from image.progress import say
from tests.bench.figures import Figures
from tests.bench.latency import Conversation
from tests.bench.memory import pss_by_unit
from tests.bench.system import ChatSystem, Site, System

START_S = 180.0  # the longest a start may take
ATTEMPT_S = 5.0
PAUSE_S = 0.05
SETTLE_S = 8.0  # from the end of the start to the measurement of memory
# Who comes after whom differs each time: a server that syncs pays for what the one before has left unwritten.
SEED = 1
UNCOUNTED = 1  # message at the start of a batch, which pays the most


@dataclass(frozen=True)
class Plan:
    """How much is measured; the defaults fit in ten minutes on two cores."""

    rounds: int = 3
    batches: int = 240
    batch: int = 5
    bursts: int = 3
    burst: int = 1500
    burst_s: float = 6.0


@dataclass(frozen=True)
class Entrant:
    """A system, its tree, and what was measured of it so far."""

    system: System
    tree: Path
    figures: Figures


async def starts_and_memory(entrants: Iterable[Entrant], network: Network, folder: Path, plan: Plan) -> None:
    """Each system alone, in turn: first start, later start, memory; `plan.rounds` times."""
    every = list(entrants)
    for number in range(plan.rounds):
        for entrant in every:
            if entrant.system.rounds is None or number < entrant.system.rounds:
                with _installed(entrant, network, folder) as site:
                    await _start_twice(entrant, site)


async def messages(entrants: Iterable[Entrant], network: Network, folder: Path, plan: Plan) -> None:
    """All chat servers at once, each idle but for its turn: short batches of messages, then bursts."""
    with ExitStack() as stack:
        talks = []
        for entrant in entrants:
            if isinstance(entrant.system, ChatSystem):
                site = stack.enter_context(_installed(entrant, network, folder))
                await time_start(entrant.system, site)
                await entrant.system.add_people(site)
                talks.append((entrant.figures, await Conversation.begin(entrant.system, site)))
                entrant.figures.cipher = entrant.system.cipher
        await asyncio.sleep(SETTLE_S if talks else 0)
        order = random.Random(SEED)
        for _ in range(plan.batches):
            for figures, talk in order.sample(talks, len(talks)):
                await talk.latencies(UNCOUNTED)
                figures.latencies += await talk.latencies(plan.batch)
        for _ in range(plan.bursts):
            for figures, talk in order.sample(talks, len(talks)):
                figures.rates.append(await talk.rate(plan.burst, plan.burst_s))
        for _, talk in talks:
            await talk.end()


async def time_start(system: System, site: Site) -> float:
    """Start the system and use it as soon as it can be used; seconds. Raises `TimeoutError`."""
    started = time.monotonic()
    site.box.start()
    reason: Exception | None = None
    while time.monotonic() - started < START_S:
        try:
            async with asyncio.timeout(ATTEMPT_S):
                await system.use(site)
            return time.monotonic() - started
        except (OSError, EOFError) as error:  # TimeoutError is one of them
            reason = error
            await asyncio.sleep(PAUSE_S)
    raise TimeoutError(f"{system.title} was of no use after {START_S:.0f} s: {reason!r}\n{site.box.last_words()}")


async def _start_twice(entrant: Entrant, site: Site) -> None:
    first_s = await time_start(entrant.system, site)
    await entrant.system.finish_setup(site)
    site.box.stop()
    later_s = await time_start(entrant.system, site)
    site.box.run(["systemctl", "is-system-running", "--wait"], check=False)  # its other services, too
    await asyncio.sleep(SETTLE_S)
    memory = pss_by_unit(site.box.leader)
    entrant.figures.first_starts.append(first_s)
    entrant.figures.later_starts.append(later_s)
    entrant.figures.memory.append(memory)
    total = sum(memory.values()) / 2**20
    say(f"  {entrant.figures.title}: first start {first_s:.1f} s, later {later_s:.1f} s, {total:.0f} MiB")


@contextmanager
def _installed(entrant: Entrant, network: Network, folder: Path) -> Iterator[Site]:
    """A new installation on the disk, gone afterwards."""
    place = folder / entrant.system.name
    place.mkdir()
    try:
        site = entrant.system.install(entrant.tree, place, network)
        try:
            yield site
        finally:
            site.box.close()
    finally:
        shutil.rmtree(place)
