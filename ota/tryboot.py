"""The Raspberry Pi's slots: RAUC's boot loader backend on top of autoboot.txt and the firmware's one-shot try boot.

RAUC calls `ota-tryboot get-primary`, `set-primary SLOT`, `get-state SLOT`, `set-state SLOT good|bad` and `get-current`
(https://rauc.readthedocs.io/en/v1.13/integration.html#custom). The firmware boots the partition that autoboot.txt names
below [all]; after `reboot "0 tryboot"`, for one start only, the one below [tryboot]
(https://www.raspberrypi.com/documentation/computers/config_txt.html#autoboot-txt). So a new version never replaces the
old one in autoboot.txt before it has proved itself, and whatever ends its first start brings the old one back.

RAUC asks several times for one answer of its own, and whoever asked RAUC waits 25 seconds: so this module imports next
to nothing (`ota/try_start.py` has what RAUC does not call).
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

# The boot partition of each slot; the first partition holds autoboot.txt, and nothing to boot.
PARTITIONS = {"A": 2, "B": 3}
SLOTS = {number: slot for slot, number in PARTITIONS.items()}
# What the firmware boots without a usable autoboot.txt: the first partition that has something to boot.
FALLBACK = "A"


@dataclass(frozen=True)
class Places:
    """The files that decide what starts next."""

    autoboot: Path = Path("/boot/autoboot.txt")
    record: Path = Path("/data/ota/tryboot.json")
    reboot_parameter: Path = Path("/run/systemd/reboot-param")
    command_line: Path = Path("/proc/cmdline")


@dataclass(frozen=True)
class Record:
    """What autoboot.txt cannot say: the slot that is to be tried, whether it was, and which slots are good."""

    candidate: str = ""
    tried: bool = False
    good: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """The slot that runs, the one in autoboot.txt, and the record."""

    running: str
    committed: str
    record: Record = Record()

    @property
    def waiting(self) -> bool:
        """Whether the next restart is to try the candidate."""
        candidate = self.record.candidate
        return bool(candidate) and not self.record.tried and candidate not in (self.running, self.committed)

    @property
    def primary(self) -> str:
        """The slot that starts next, or that stays if what runs now is its first try."""
        on_trial = self.record.candidate == self.running
        return self.record.candidate if self.waiting or on_trial else self.committed

    def is_good(self, slot: str) -> bool:
        """Whether a slot is known to work; the committed one is unless it was called bad."""
        return slot in self.record.good or (slot == self.committed and not self.record.good)


def with_primary(choice: Choice, slot: str) -> Choice:
    """After `set-primary`: another slot than the committed one is only tried, it stays once it is called good."""
    if slot == choice.committed:
        return replace(choice, record=replace(choice.record, candidate="", tried=False))
    good = _joined(_known(choice), slot)
    return replace(choice, record=Record(slot, slot == choice.running, good))


def with_state(choice: Choice, slot: str, good: bool) -> Choice:
    """After `set-state`: the running slot that is good is committed; a bad one is not booted if there is another."""
    return _with_good(choice, slot) if good else _with_bad(choice, slot)


def armed(choice: Choice) -> Choice:
    """Just before the restart that tries the candidate: whatever becomes of it, there is one try."""
    return replace(choice, record=replace(choice.record, tried=True))


def render(slot: str) -> bytes:
    """autoboot.txt that boots this slot; always of the same length."""
    other = next(name for name in PARTITIONS if name != slot)
    lines = ["[all]", "tryboot_a_b=1", f"boot_partition={PARTITIONS[slot]}"]
    return "\n".join([*lines, "[tryboot]", f"boot_partition={PARTITIONS[other]}", ""]).encode("ascii")


def parse(content: bytes) -> str | None:
    """The slot that a file of ours boots; None for anything else."""
    return next((slot for slot in PARTITIONS if render(slot) == content), None)


def look(places: Places) -> Choice:
    """What is the case. Raises `ValueError` where no slot runs."""
    words = places.command_line.read_text(encoding="utf-8").split()
    running = next((word.removeprefix("rauc.slot=") for word in words if word.startswith("rauc.slot=")), "")
    if running not in PARTITIONS:
        raise ValueError("rauc.slot= is not on the kernel's command line")
    committed = parse(read(places.autoboot)) or FALLBACK
    return Choice(running, committed, _record(read(places.record)))


def save(places: Places, before: Choice, after: Choice) -> None:
    """Make it so, autoboot.txt first: what it says is true without the record, and the record is nothing without it."""
    if after.committed != before.committed:
        write_autoboot(places.autoboot, after.committed)
    if after.record != before.record:
        places.record.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(places.record, json.dumps(asdict(after.record)).encode("ascii"), 0o600)


def write_autoboot(path: Path, slot: str) -> None:
    """Change which slot boots, with the one kind of write that FAT can make atomic: one sector, in place.

    Neither the length nor the cluster changes, so directory and allocation table stay as they are. A file of another
    length is not ours: that one is replaced.
    """
    content = render(slot)
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        descriptor = -1
    if descriptor < 0 or os.fstat(descriptor).st_size != len(content):
        replace_file(path, content, 0o644)
    else:
        os.pwrite(descriptor, content, 0)
        os.fsync(descriptor)
    if descriptor >= 0:
        os.close(descriptor)


def main(arguments: Sequence[str], places: Places | None = None) -> int:
    """One call of RAUC's or of our unit; prints what was asked for and returns the exit status."""
    places = places or Places()
    try:
        print(_answer(places, arguments), end="")
    except (OSError, ValueError) as error:
        print(f"ota-tryboot: {error}", file=sys.stderr)
        return 1
    return 0


def _answer(places: Places, arguments: Sequence[str]) -> str:
    choice = look(places)
    match arguments:
        case ["get-current"]:
            return f"{choice.running}\n"
        case ["get-primary"]:
            return f"{choice.primary}\n"
        case ["get-state", slot] if slot in PARTITIONS:
            return "good\n" if choice.is_good(slot) else "bad\n"
        case ["set-primary", slot] if slot in PARTITIONS:
            save(places, choice, with_primary(choice, slot))
        case ["set-state", slot, ("good" | "bad") as state] if slot in PARTITIONS:
            save(places, choice, with_state(choice, slot, state == "good"))
        case _:
            raise ValueError(f"no such call: {' '.join(arguments)}")
    return ""


def replace_file(path: Path, content: bytes, mode: int) -> None:
    """Replace a file durably: temporary file, fsync, rename, fsync of the folder."""
    temporary = path.with_name(f".{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _with_good(choice: Choice, slot: str) -> Choice:
    good = _joined(_known(choice), slot)
    if slot != choice.running or slot == choice.committed:
        return replace(choice, record=replace(choice.record, good=good))
    return replace(choice, committed=slot, record=Record(good=good))


def _with_bad(choice: Choice, slot: str) -> Choice:
    good = tuple(each for each in _known(choice) if each != slot)
    record = replace(choice.record, good=good)
    if slot == record.candidate:
        record = replace(record, candidate="", tried=False)
    committed = choice.committed
    if slot == committed and choice.running != slot:
        # It is about to be overwritten. What runs does at least start, even if it has not proved itself yet.
        committed = choice.running
    elif slot == committed and good:
        committed = good[0]
    return replace(choice, committed=committed, record=record)


def _known(choice: Choice) -> tuple[str, ...]:
    return choice.record.good or (choice.committed,)


def _joined(slots: tuple[str, ...], slot: str) -> tuple[str, ...]:
    return tuple(sorted({*slots, slot}))


def _record(content: bytes) -> Record:
    """The record; an empty one where the file is missing or damaged, then nothing is tried."""
    try:
        document = json.loads(content)
        good = tuple(slot for slot in document["good"] if slot in PARTITIONS)
        candidate = document["candidate"] if document["candidate"] in PARTITIONS else ""
        return Record(candidate, bool(document["tried"]), good)
    except (ValueError, TypeError, KeyError):
        return Record()


def read(path: Path) -> bytes:
    """A file's content, nothing where it is missing."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
