"""The firmware of a Raspberry Pi 4 or 5 as far as it chooses what to boot, by its documented rules.

https://www.raspberrypi.com/documentation/computers/config_txt.html#autoboot-txt (limit of 512 bytes, filters),
…/raspberry-pi.html#fail-safe-os-updates-tryboot (the flag is cleared before anything starts), #PARTITION_WALK.
"""

from collections.abc import Mapping
from dataclasses import dataclass

# A partition's files by name; a partition that is no FAT has none.
Files = Mapping[str, bytes]

LIMIT = 512
WALKED = 8
FILTERS = {"all", "none", "tryboot"}


@dataclass(frozen=True)
class Booted:
    """What was started: the partition, which of its files tells how, and whether it is a try."""

    partition: int
    config: str
    tryboot: bool


def boot(disk: Mapping[int, Files], *, tryboot: bool = False, partition: int = 0) -> Booted | None:
    """What starts from a disk, or None when the firmware stops; `tryboot` is the flag, which does not outlive this.

    `partition` is the number given to `reboot`, 0 for the usual one.
    """
    first = min((number for number, files in disk.items() if files), default=0)
    content = disk[first].get("autoboot.txt", b"") if first and not partition else b""
    settings = read_autoboot(content, tryboot=tryboot)
    wanted = partition or _number(settings.get("boot_partition", "0"))
    config = "tryboot.txt" if tryboot and settings.get("tryboot_a_b") != "1" else "config.txt"
    for number in _candidates(disk, wanted):
        if config in disk.get(number, {}) and "start4.elf" in disk[number]:
            return Booted(number, config, tryboot)
    return None


def read_autoboot(content: bytes, *, tryboot: bool) -> dict[str, str]:
    """The settings of autoboot.txt that count: what lies behind the limit is not read, a later line wins."""
    settings: dict[str, str] = {}
    applies = True
    for line in content[:LIMIT].decode("latin-1").splitlines():
        text = line.split("#")[0].strip()
        if text.startswith("[") and text.endswith("]"):
            name = text[1:-1]
            applies = name in FILTERS and (name == "all" or (name == "tryboot" and tryboot))
        elif applies and "=" in text:
            name, _, value = text.partition("=")
            settings[name.strip()] = value.strip()
    return settings


def flag_of(reboot_parameter: str) -> bool:
    """Whether the kernel sets the one-shot flag for this argument of reboot(2), as Raspberry Pi's kernel does."""
    return " tryboot" in reboot_parameter


def _candidates(disk: Mapping[int, Files], wanted: int) -> list[int]:
    """The partition that is wanted, then all others in turn, as far as they are looked at."""
    if wanted == 0:
        return sorted(disk)
    return [wanted, *(number for number in range(wanted + 1, WALKED + 1)), *range(1, wanted)]


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0
