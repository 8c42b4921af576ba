"""The disk image: what lies where, and that nothing in it is secret, unique, or different from build to build."""

import gzip
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from image.base import settle
from image.board import Board
from image.disk import grub, pack, x86
from image.disk.disk import disk_image
from image.disk.filesystem import make_slot
from image.disk.layout import MIB, SLOT_SIZE, identifier
from image.disk.pack import Packed
from image.disk.slot import slot_image
from image.process import run
from image.tree import build_tree

SECTOR = 512
ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
ROOT = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"


@pytest.fixture(scope="module")
def disk() -> Path:
    return disk_image(build_tree())


@pytest.fixture(scope="module")
def slot() -> Path:
    return slot_image(build_tree())


@pytest.fixture(scope="module")
def table(disk: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(["sfdisk", "--json", disk]).stdout)["partitiontable"]
    return found


@pytest.fixture(scope="module")
def boot(disk: Path, table: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the boot partition."""
    folder = tmp_path_factory.mktemp("boot")
    run(["mcopy", "-s", "-i", f"{disk}@@{partition(table, 'boot')['start'] * SECTOR}", "::", folder])
    return folder


@pytest.fixture(scope="module")
def etc(slot: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What the slot has in /etc and /var."""
    folder = tmp_path_factory.mktemp("slot")
    run(["debugfs", "-R", f"rdump /etc /var {folder}", slot])
    yield folder
    shutil.rmtree(folder)


def partition(table: dict[str, Any], label: str) -> dict[str, Any]:
    return next(each for each in table["partitions"] if each["name"] == label)


def environment(boot: Path) -> dict[str, str]:
    listed = run(["grub-editenv", boot / "grub/grubenv", "list"]).stdout
    return dict(line.split("=", 1) for line in listed.splitlines())


def test_the_partitions_are_those_that_boot_loader_updater_and_system_expect(table: dict[str, Any]) -> None:
    assert table["label"] == "gpt"
    labels = [each["name"] for each in table["partitions"]]
    assert labels == ["bios", "boot", "root-a", "root-b", "keep", "data"]
    assert all(each["start"] % (MIB // SECTOR) == 0 for each in table["partitions"])
    assert partition(table, "boot")["type"] == ESP
    for number, label in ((3, "root-a"), (4, "root-b")):
        assert labels[number - 1] == label
        assert partition(table, label)["type"] == ROOT
        assert partition(table, label)["size"] * SECTOR == SLOT_SIZE
    types = [each["type"] for each in table["partitions"]]
    assert types.count(partition(table, "data")["type"]) == 1, "systemd-repart would grow another one"


def test_the_first_slot_is_the_tree_and_the_second_is_empty(disk: Path, slot: Path, table: dict[str, Any]) -> None:
    first, second = (partition(table, label)["start"] * SECTOR for label in ("root-a", "root-b"))
    run(["cmp", f"--ignore-initial={first}:0", f"--bytes={SLOT_SIZE}", disk, slot])
    with disk.open("rb") as file:  # a hole in the file
        assert os.lseek(file.fileno(), second, os.SEEK_DATA) >= second + SLOT_SIZE


def test_the_boot_partition_holds_what_starts_the_box_and_a_note(boot: Path) -> None:
    found = {str(path.relative_to(boot)) for path in boot.rglob("*") if path.is_file()}
    assert found == {"EFI/BOOT/BOOTX64.EFI", "grub/grub.cfg", "grub/grubenv", "grub/fallback", "README.txt"}
    assert environment(boot) == grub.FIRST_ENVIRONMENT
    assert "parlor.toml" in (boot / "README.txt").read_text()


def test_people_find_the_boot_partition_by_its_name(disk: Path, table: dict[str, Any]) -> None:
    shown = run(["mlabel", "-s", "-i", f"{disk}@@{partition(table, 'boot')['start'] * SECTOR}", "::"]).stdout
    assert "PARLOR" in shown


def test_the_boot_loaders_script_is_one(boot: Path) -> None:
    run(["grub-script-check", boot / "grub/grub.cfg"])


def test_every_slot_is_started_by_its_own_label(boot: Path) -> None:
    lines = (boot / "grub/grub.cfg").read_text().splitlines()
    started = [line for line in lines if line.strip().startswith("linux ")]
    for slot in x86.SLOTS:
        line = next(each for each in started if f"rauc.slot={slot.name} " in each)
        assert f"gpt{slot.number})" in line
        assert f"root=PARTLABEL=root-{slot.name.lower()} " in line
        assert " ro " in line
        assert " panic=10 " in line


def test_a_legacy_bios_finds_the_second_stage(disk: Path, table: dict[str, Any]) -> None:
    start = partition(table, "bios")["start"]
    with disk.open("rb") as file:
        sector = file.read(SECTOR)
        file.seek(start * SECTOR)
        core = file.read(SECTOR)
    assert int.from_bytes(sector[grub.BOOT_NEXT : grub.BOOT_NEXT + 8], "little") == start
    assert int.from_bytes(core[grub.CORE_BLOCKS : grub.CORE_BLOCKS + 8], "little") == start + 1
    assert sector[-2:] == b"\x55\xaa"
    assert sector[446:462] != bytes(16), "no protective partition: other systems would take the disk for empty"
    assert core != bytes(SECTOR)


def test_the_slot_has_nothing_unique(etc: Path) -> None:
    assert (etc / "etc/machine-id").read_bytes() == b""
    for name in ("etc/hostname", "var/lib/dbus/machine-id", "var/lib/systemd/random-seed"):
        assert not (etc / name).exists(), name
    assert list((etc / "etc").glob("ssh/ssh_host_*")) == []


def test_the_slot_has_nothing_secret(etc: Path) -> None:
    files = [path for path in etc.rglob("*") if path.is_file() and not path.is_symlink()]
    assert len(files) > 100
    assert [path for path in files if b"PRIVATE KEY-----" in path.read_bytes()] == []


def test_data_and_keep_are_empty_and_sound(disk: Path, table: dict[str, Any], tmp_path: Path) -> None:
    for label in ("keep", "data"):
        part = partition(table, label)
        place = tmp_path / label
        count = part["size"] * SECTOR // MIB
        skip = part["start"] * SECTOR // MIB
        run(["dd", f"if={disk}", f"of={place}", "bs=1M", f"skip={skip}", f"count={count}", "conv=sparse"])
        run(["e2fsck", "-f", "-n", place])
        assert "has_journal" in run(["dumpe2fs", "-h", place]).stdout
        listed = run(["debugfs", "-R", "ls -p /", place]).stdout.split("\n")
        assert {line.split("/")[5] for line in listed if line} == {".", "..", "lost+found"}


def test_a_slot_made_from_a_copy_at_another_time_is_the_same_to_the_bit(slot: Path, tmp_path: Path) -> None:
    """The copies have other times of change, other inodes and another order in their folders."""
    made = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        for each in sorted(["a", "b/c", "d", "link"], reverse=name == "two"):
            path = folder / each
            path.parent.mkdir(exist_ok=True)
            path.write_text(each)
        (folder / "link").unlink()
        (folder / "link").hardlink_to(folder / "a")
        (folder / "b").chmod(0o2750)
        settle(folder, 0)
        image = tmp_path / f"{name}.img"
        make_slot(image, folder, 16 * MIB)
        made.append(hashlib.sha256(image.read_bytes()).digest())
        time.sleep(1.1)  # times in a file system have seconds
    assert made[0] == made[1]


@pytest.mark.timeout(600)
def test_two_builds_of_slot_and_disk_are_the_same_to_the_bit(
    slot: Path, disk: Path, tree: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again.img"
    make_slot(again, tree, SLOT_SIZE)
    run(["cmp", slot, again])
    again.unlink()
    x86.make_disk(again, slot)
    run(["cmp", disk, again])


def test_names_in_the_image_do_not_change_from_build_to_build() -> None:
    assert identifier("disk") == identifier("disk")
    assert identifier("disk") != identifier("slot")


@pytest.mark.timeout(600)
def test_what_people_download_can_be_verified_and_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a small disk; the whole one takes minutes."""
    monkeypatch.setattr(pack, "IMAGES", tmp_path / "images")
    monkeypatch.setenv("IMAGE_URL", "https://example.org/images/")
    disk = tmp_path / "disk.img"
    with disk.open("wb") as file:
        file.truncate(64 * MIB)
        file.seek(20 * MIB)
        file.write(gzip.compress(b"something"))
    packed: Packed = pack.pack(disk, Board.X86, "1.2.3")
    assert packed.file.name == "parlor-x86-1.2.3.img.xz"
    assert sorted(path.name for path in (tmp_path / "images").iterdir()) == sorted(
        path.name for path in (packed.file, packed.map, packed.entry, packed.checksum)
    )
    run(["sha256sum", "--check", packed.checksum.name], cwd=packed.file.parent)
    (entry,) = json.loads(packed.entry.read_text())["os_list"]
    assert entry["url"] == "https://example.org/images/parlor-x86-1.2.3.img.xz"
    assert entry["extract_size"] == 64 * MIB
    assert entry["extract_sha256"] == hashlib.sha256(disk.read_bytes()).hexdigest()
    assert entry["image_download_sha256"] == hashlib.sha256(packed.file.read_bytes()).hexdigest()
    flashed = tmp_path / "flashed.img"
    flashed.touch()
    run(["bmaptool", "copy", "--bmap", packed.map, packed.file, flashed])
    run(["cmp", disk, flashed])
