"""What the initramfs does with a damaged /data: its own script, on file systems in files, without starting anything."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

import pytest

from image.disk.filesystem import make_data
from image.process import run

SCRIPT = Path(__file__).parents[2] / "rootfs/usr/share/initramfs-tools/scripts/local-bottom/parlor-data"
MIB = 1 << 20
BLOCK = 4096
SIZE = 512 * MIB
# The programs of the initramfs: busybox, and mke2fs and e2fsck themselves.
PROGRAMS = """
    mkdir -p {place}/bin
    busybox --install -s {place}/bin
    rm {place}/bin/mke2fs
    PATH={place}/bin:$PATH
"""
# The script's functions, then what its end does, with a file in place of the partition beside the root.
HARNESS = """
    NOTES={place}/notes TARGET={place}/mnt device={device}
    mkdir -p "$NOTES" "$TARGET"
    check_and_mount || make_anew || live_without_data "the data partition cannot be repaired"
    ls -A "$TARGET"
    cat "$TARGET/.mend" 2>/dev/null
    umount "$TARGET"
"""


@dataclass(frozen=True)
class Disk:
    """A file system with something in it."""

    path: Path

    def damage(self, first: int, length: int) -> None:
        """Overwrite it with noise."""
        with self.path.open("r+b") as file:
            file.seek(first)
            file.write(secrets.token_bytes(length))

    def start(self, script: str = "") -> tuple[str, list[str]]:
        """Let the initramfs have it; returns the state it notes, and what is then on /data."""
        place = self.path.parent
        functions = (script or SCRIPT.read_text()).partition('mkdir -p -m 0755 "$NOTES"')[0].partition("esac\n")[2]
        program = PROGRAMS.format(place=place) + functions + HARNESS.format(place=place, device=self.path)
        out = run(["unshare", "--mount", "busybox", "sh", "-c", program], timeout_s=120).stdout.split()
        return json.loads((place / "notes/data.json").read_text())["state"], out


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    """A /data that holds settings."""
    made = Disk(tmp_path / "data.img")
    make_data(made.path, "data", SIZE)
    mount = f"mount {made.path} {tmp_path / 'mnt'} && mkdir {tmp_path / 'mnt/core'}"
    (tmp_path / "mnt").mkdir()
    run(["unshare", "--mount", "sh", "-c", f"{mount} && echo kept > {tmp_path / 'mnt/core/settings'}"])
    return made


def test_a_sound_disk_is_clean(disk: Disk) -> None:
    state, found = disk.start()
    assert (state, "core" in found) == ("clean", True)


@pytest.mark.parametrize(
    ("first", "length"), [(1024, 1024), (0, 64 * 1024)], ids=["superblock", "superblock and group descriptors"]
)
def test_a_lost_superblock_is_repaired_from_its_copy(disk: Disk, first: int, length: int) -> None:
    disk.damage(first, length)
    state, found = disk.start()
    assert (state, "core" in found) == ("repaired", True)
    assert disk.start()[0] == "clean"


@pytest.mark.parametrize("length", [MIB, 8 * MIB])
def test_a_repair_leaves_nothing_that_would_end_the_next_growth(disk: Disk, length: int) -> None:
    disk.damage(0, length)
    assert disk.start()[0] == "repaired"
    assert "File ACL: 0\n" in run(["debugfs", "-R", "stat <7>", disk.path]).stdout
    assert run(["e2fsck", "-f", "-n", disk.path], check=False).returncode == 0


@pytest.mark.parametrize(
    ("first", "length"), [(64 * 1024, 8 * MIB), (0, 24 * MIB)], ids=["inode tables", "the beginning"]
)
def test_lost_inodes_leave_a_disk_that_is_used_again(disk: Disk, first: int, length: int) -> None:
    disk.damage(first, length)
    state, _ = disk.start()
    assert state in ("repaired", "replaced")
    assert disk.start()[0] == "clean"


def test_a_damaged_folder_of_a_disk_that_was_left_in_order_is_repaired(disk: Disk) -> None:
    """e2fsck -p does not look into it, and the kernel would find out in the middle of the start."""
    (where,) = run(["debugfs", "-R", "blocks /", disk.path]).stdout.split()
    disk.damage(int(where) * BLOCK, BLOCK)
    state, found = disk.start()
    assert state == "repaired"
    assert "lost+found" in found
    assert disk.start()[0] == "clean"


def test_what_is_beyond_repair_becomes_new_with_a_mark_that_says_so(disk: Disk) -> None:
    disk.damage(0, SIZE)
    state, found = disk.start()
    assert (state, found) == ("replaced", [".mend", "lost+found", "replaced"])
    state, found = disk.start()  # a power cut before it was put back: the mark is still there
    assert (state, found) == ("clean", [".mend", "lost+found", "replaced"])


def test_a_disk_that_cannot_be_read_is_left_as_it_is(disk: Disk) -> None:
    disk.damage(0, SIZE)
    before = disk.path.read_bytes()
    unreadable = SCRIPT.read_text().replace("dd if=", "false if=")
    assert unreadable != SCRIPT.read_text()
    state, found = disk.start(unreadable)
    assert state == "replaced"
    assert found == []  # in memory, and nothing to put back
    assert disk.path.read_bytes() == before
