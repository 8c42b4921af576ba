"""The Raspberry Pi's image: its partitions, all that its firmware reads, and its root on an emulated arm64 machine.

What needs the arm64 tree, which takes a quarter of an hour to build on a PC, is marked `long`.
"""

import json
import lzma
import re
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from image.board import Board
from image.disk import rpi
from image.disk.disk import disk_image
from image.disk.filesystem import make_fat
from image.disk.slot import slot_image
from image.process import run
from image.tree import Tree, build_tree
from image.vm import new_disk
from ota import tryboot
from tests.image import firmware
from tests.image.arm import ArmVm

BUILD_S = 3600


def partitions_of(disk: Path) -> list[dict[str, str | int]]:
    table = json.loads(run(["sfdisk", "--json", disk]).stdout)["partitiontable"]
    assert table["label"] == "gpt"
    found: list[dict[str, str | int]] = table["partitions"]
    return found


def fat_files(disk: Path, partition: dict[str, str | int], target: Path) -> dict[str, bytes]:
    """The files of a FAT partition by their paths there, none where it is no FAT."""
    image = f"{disk}@@{int(partition['start']) * 512}"
    if subprocess.run(["minfo", "-i", image, "::"], capture_output=True, check=False).returncode != 0:
        return {}
    target.mkdir(parents=True)
    run(["mcopy", "-s", "-n", "-i", image, "::*", target])
    return {str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*") if path.is_file()}


@pytest.fixture(scope="session")
def scratch_disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disk laid out as the real one, with next to nothing in its slot."""
    folder = tmp_path_factory.mktemp("rpi")
    files = {"config.txt": rpi.config().encode("ascii"), "start4.elf": b"firmware"}
    make_fat(folder / "boot.img", rpi.SLOT_VOLUME_LABEL, rpi.SLOT_BOOT_SIZE, files)
    (folder / "root.img").write_bytes(b"root")
    rpi.make_disk(folder / "disk.img", folder / "root.img", folder / "boot.img")
    return folder / "disk.img"


def test_what_the_firmware_reads_lies_first_and_what_people_need_before_all(scratch_disk: Path) -> None:
    partitions = partitions_of(scratch_disk)
    names = [partition["name"] for partition in partitions]
    assert names == ["boot", "boot-a", "boot-b", "root-a", "root-b", "keep", "data"]
    assert [str(partition["type"]).lower() for partition in partitions[:3]] == [rpi.BASIC_DATA] * 3
    assert "attrs" not in partitions[0], "Windows gives it a letter"
    assert [partition["attrs"] for partition in partitions[1:3]] == [rpi.NO_DRIVE_LETTER] * 2


def test_each_fat_is_fat32_beyond_doubt(scratch_disk: Path) -> None:
    for partition in partitions_of(scratch_disk)[:3]:
        with scratch_disk.open("rb") as disk:
            disk.seek(int(partition["start"]) * 512)
            sector = disk.read(512)
        sectors = int.from_bytes(sector[32:36], "little")
        data = sectors - int.from_bytes(sector[14:16], "little") - 2 * int.from_bytes(sector[36:40], "little")
        assert sector[82:90] == b"FAT32   "
        assert data // sector[13] >= 65525, "fewer clusters are FAT16 for the firmware"


def test_the_firmware_starts_slot_a_and_without_its_file_too(scratch_disk: Path, tmp_path: Path) -> None:
    disk: dict[int, dict[str, bytes]] = {}
    for number, partition in enumerate(partitions_of(scratch_disk), start=1):
        disk[number] = fat_files(scratch_disk, partition, tmp_path / str(number))
    assert set(disk[1]) == {"autoboot.txt", "README.txt"}, "nothing to boot, or it would be taken for the system"
    started = firmware.boot(disk)
    assert started is not None
    assert started.partition == tryboot.PARTITIONS["A"]
    del disk[1]["autoboot.txt"]
    assert firmware.boot(disk) == started


def test_autoboot_is_the_one_that_the_backend_writes() -> None:
    assert rpi.boot_files()["autoboot.txt"] == tryboot.render("A")
    assert rpi.BOOT_NUMBERS == tryboot.PARTITIONS


@pytest.fixture(scope="session")
def rpi_tree() -> Tree:
    return build_tree(Board.RPI)


@pytest.fixture(scope="session")
def slot_boot(rpi_tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files on a slot's boot partition, as they are in the image."""
    target = tmp_path_factory.mktemp("boot") / "files"
    return fat_files(rpi.boot_image(rpi_tree), {"start": 0}, target)


@pytest.mark.long
@pytest.mark.timeout(BUILD_S)
def test_the_boot_partition_has_all_that_both_boards_need(slot_boot: dict[str, bytes]) -> None:
    for name in ("start4.elf", "fixup4.dat", "bcm2711-rpi-4-b.dtb", "bcm2712-rpi-5-b.dtb", "config.txt", "LICENCE.txt"):
        assert slot_boot.get(name), name
    assert any(name.startswith("overlays/") and name.endswith(".dtbo") for name in slot_boot)
    for name, content in slot_boot.items():
        if name.endswith((".dtb", ".dtbo")):
            assert content[:4] == b"\xd0\x0d\xfe\xed", f"{name} is no device tree"
    for board, name in (("4 Model B", "bcm2711-rpi-4-b.dtb"), ("5", "bcm2712-rpi-5-b.dtb")):
        assert f"Raspberry Pi {board}".encode() in slot_boot[name]
    assert slot_boot["start4.elf"][:4] == b"\x7fELF"


@pytest.mark.long
@pytest.mark.timeout(BUILD_S)
def test_what_config_txt_names_is_there(slot_boot: dict[str, bytes]) -> None:
    config = slot_boot["config.txt"].decode("ascii")
    assert all(len(line) <= 98 for line in config.splitlines()), "the firmware reads no longer lines"
    kernel = re.search(r"(?m)^kernel=(\S+)$", config)
    initramfs = re.search(r"(?m)^initramfs (\S+) followkernel$", config)
    assert kernel
    assert initramfs
    assert slot_boot[kernel[1]][56:60] == b"ARMd", "an arm64 kernel (Documentation/arch/arm64/booting.rst)"
    assert slot_boot[initramfs[1]]
    for name in re.findall(r"(?m)^cmdline=(\S+)$", config):
        assert name in slot_boot
    assert slot_boot["tryboot.txt"] == slot_boot["config.txt"]


@pytest.mark.long
@pytest.mark.timeout(BUILD_S)
@pytest.mark.parametrize("slot", ["A", "B"])
def test_each_boot_partition_starts_its_own_root(slot_boot: dict[str, bytes], slot: str) -> None:
    config = slot_boot["config.txt"].decode("ascii")
    chosen = re.search(rf"\[boot_partition={tryboot.PARTITIONS[slot]}\]\ncmdline=(\S+)", config)
    assert chosen
    words = slot_boot[chosen[1]].decode("ascii").split()
    assert f"root=PARTLABEL=root-{slot.lower()}" in words
    assert f"rauc.slot={slot}" in words
    assert {"panic=10", "oops=panic", "ro", "rootwait"} <= set(words)
    assert b"\n" not in slot_boot[chosen[1]].strip(), "it is one line"


@pytest.mark.long
@pytest.mark.timeout(BUILD_S)
def test_the_kernel_module_fits_the_kernel(rpi_tree: Tree) -> None:
    kernel = next((rpi_tree.base / "usr/lib/modules").iterdir())
    module = (kernel / "updates/parlor_tryboot.ko").read_bytes()
    assert f"vermagic={kernel.name} ".encode() in module
    aliases = (kernel / "modules.alias").read_text(encoding="ascii")
    assert re.search(r"alias of:N\*T\*Craspberrypi,bcm2835-firmware\S* parlor_tryboot", aliases)
    watchdog = next((kernel / "kernel/drivers/watchdog").glob("bcm2835_wdt.ko*")).read_bytes()
    assert b"bcm2835_wdt" in (lzma.decompress(watchdog) if watchdog[:6] == b"\xfd7zXZ\0" else watchdog)


@pytest.mark.long
@pytest.mark.timeout(BUILD_S)
def test_kernel_and_initramfs_are_not_in_the_root_as_well(rpi_tree: Tree) -> None:
    listed = run(["debugfs", "-R", "ls -p /boot", slot_image(rpi_tree)]).stdout
    assert "vmlinuz" not in listed
    assert "initrd" not in listed


@pytest.fixture(scope="session")
def machine(rpi_tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArmVm]:
    disk = new_disk(disk_image(rpi_tree), tmp_path_factory.mktemp("arm") / "disk.img")
    with ArmVm("arm", disk, rpi_tree) as vm:
        vm.wait_until_up(timeout_s=1500)
        yield vm


@pytest.mark.long
@pytest.mark.timeout(BUILD_S)
def test_the_arm64_root_starts_to_the_wizard(machine: ArmVm) -> None:
    assert machine.run(["uname", "-m"]).stdout.strip() == "aarch64"
    assert machine.run(["systemctl", "--failed", "--plain", "--no-legend"]).stdout == ""
    assert "ordering cycle" not in machine.journal()
    unverified = ssl.create_default_context()
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    with urllib.request.urlopen(f"https://localhost:{machine.ports[443]}/", context=unverified, timeout=60) as answer:
        page = answer.read().decode()
    assert answer.status == 200
    assert "code" in page.lower()


@pytest.mark.long
@pytest.mark.timeout(BUILD_S)
def test_rauc_chooses_slots_through_our_backend(machine: ArmVm) -> None:
    assert "rootfs.1" in mark_active(machine, "other")
    assert machine.run(["/usr/lib/parlor/ota-tryboot", "get-primary"]).stdout == "B\n"
    assert "rootfs.0" in mark_active(machine, "booted")
    assert machine.run(["/usr/lib/parlor/ota-tryboot", "get-primary"]).stdout == "A\n"
    assert machine.run(["cat", "/boot/autoboot.txt"]).stdout.encode() == tryboot.render("A")


def mark_active(machine: ArmVm, which: str) -> str:
    """What RAUC answers. Its command waits 25 seconds only, which an emulated machine beside other work may need."""
    for _ in range(4):
        done = machine.run(["rauc", "status", "mark-active", which], check=False)
        if "Timeout was reached" not in done.stderr:
            break
    assert done.returncode == 0, done.stderr
    return done.stdout
