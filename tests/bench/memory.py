"""How much memory a running box holds: proportional set sizes (PSS), summed by systemd unit.

The kernel divides a page that several processes map among them (proc(5), smaps_rollup), so the sum is what would be
free without the box, but for the kernel's own memory and files in memory that nobody maps. A page that a second
container maps counts only half: measure one alone.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
_UNIT = (".service", ".scope", ".socket", ".mount", ".slice")
_UNNAMED = "other"


def pss_by_unit(leader: int) -> dict[str, int]:
    """Bytes by unit, of every process of the box whose first process is `leader`, systemd itself included."""
    sizes: Counter[str] = Counter()
    for process in processes(leader):
        with suppress(FileNotFoundError, ProcessLookupError):  # It ended meanwhile.
            unit = unit_of((process / "cgroup").read_text(encoding="ascii"))
            sizes[unit] += pss_of((process / "smaps_rollup").read_text(encoding="ascii"))
    return dict(sizes)


def unit_of(cgroup: str) -> str:
    """The unit that a process belongs to, from its `/proc/PID/cgroup`; cgroups(7), `number:controllers:path`."""
    lines = (line.split(":", 2) for line in cgroup.splitlines())
    path = next((path for _, controllers, path in lines if controllers in ("name=systemd", "")), "")
    return next((part for part in reversed(path.split("/")) if part.endswith(_UNIT)), _UNNAMED)


def pss_of(smaps_rollup: str) -> int:
    """Bytes, from `/proc/PID/smaps_rollup`."""
    line = next(line for line in smaps_rollup.splitlines() if line.startswith("Pss:"))
    return int(line.split()[1]) * 1024


def processes(leader: int) -> Iterator[Path]:
    """The `/proc/PID` of every process of the box whose first process is `leader`."""
    ours = (PROC / str(leader) / "ns/pid").readlink()
    for process in PROC.glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if (process / "ns/pid").readlink() == ours:
                yield process
