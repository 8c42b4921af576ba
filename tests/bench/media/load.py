"""What a crowd costs: packets, and the CPU of the box's media, of the clients and of the whole machine."""

import asyncio
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.media.counter import Counter
from tests.bench.media.crowd import Crowd
from tests.bench.media.rtp import Tally
from tests.bench.memory import processes, unit_of

MEDIA = frozenset({"janus.service", "parlor-rooms.service"})


@dataclass(frozen=True)
class Cpu:
    """Seconds of CPU: of the box's SFU and its daemon, of the clients here, and of everything on the machine."""

    media: float
    clients: float
    machine: float

    def __sub__(self, other: "Cpu") -> "Cpu":
        return Cpu(self.media - other.media, self.clients - other.clients, self.machine - other.machine)


@dataclass(frozen=True)
class Load:
    """What passed in `seconds`; `cameras` were forwarded, `sent` packets had to reach a receiver each."""

    seconds: float
    cameras: int
    sent: int
    tally: Tally
    cpu: Cpu

    @property
    def lost(self) -> int:
        """Packets that did not arrive."""
        return self.sent - self.tally.received

    @property
    def cpu_per_gbit(self) -> float:
        """Seconds of the box's CPU for each Gbit that it forwarded."""
        return self.cpu.media / (self.tally.size * 8 / 1e9)

    @property
    def cameras_per_core(self) -> float:
        """Cameras with their sound, each counted once for every receiver, that a whole core would forward."""
        return self.cameras / (self.cpu.media / self.seconds)

    @property
    def clients_share(self) -> float:
        """How much of the CPU that was used were the clients."""
        return self.cpu.clients / self.cpu.machine

    @property
    def busy(self) -> float:
        """How much of all cores was used, by whomever."""
        return self.cpu.machine / self.seconds / (os.cpu_count() or 1)


async def load(crowd: Crowd, counter: Counter, leader: int, seconds: float) -> Load:
    """Measure a crowd that is in, for so long. Raises `RuntimeError` if a stream never arrives."""
    loop = asyncio.get_running_loop()
    crowd.pause(True)
    await asyncio.to_thread(counter.settled)
    counter.reset()
    published, before, started = crowd.published, used(leader, counter.pid), loop.time()
    crowd.pause(False)
    await asyncio.sleep(seconds)
    crowd.pause(True)
    passed = loop.time() - started
    tally = await asyncio.to_thread(counter.settled)
    cpu = used(leader, counter.pid) - before
    if tally.streams != 2 * crowd.shape.cameras:
        raise RuntimeError(f"{tally.streams} streams arrived instead of {2 * crowd.shape.cameras}")
    return Load(passed, crowd.shape.cameras, (crowd.published - published) * crowd.shape.fan_out, tally, cpu)


def used(leader: int, counter: int) -> Cpu:
    """What has been used so far."""
    media = [process for process in processes(leader) if unit_of((process / "cgroup").read_text()) in MEDIA]
    clients = [Path("/proc/self"), Path(f"/proc/{counter}")]
    return Cpu(_sum(media), _sum(clients), _machine())


def _sum(found: Iterable[Path]) -> float:
    return sum(_of(process) for process in found)


def _of(process: Path) -> float:
    """A process's own code and the kernel's for it, threads that have ended included; proc(5), stat."""
    words = (process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _machine() -> float:
    """All that is not idle, waiting or stolen; proc(5), /proc/stat."""
    user, nice, system, _idle, _wait, irq, softirq, *_ = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    return sum(map(int, (user, nice, system, irq, softirq))) / os.sysconf("SC_CLK_TCK")
