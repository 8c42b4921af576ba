"""GRUB chooses the slot as RAUC tells it. The real GRUB under the real firmware, with slots that hold no system."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from image.disk import grub
from image.disk.filesystem import make_fat, make_slot
from image.disk.layout import BIOS_BOOT, EFI_SYSTEM, LINUX, MIB, Partition, lay_out
from image.disk.x86 import BOOT_NUMBER, SLOTS, boot_files
from image.process import run
from image.qemu import Firmware
from image.vm import Vm

BOOT_SIZE = 64 * MIB
BOOT_START = 2 * MIB
CHOICE = "Parlor starts from system "

pytestmark = pytest.mark.timeout(600)

MakeDisk = Callable[..., Path]


@pytest.fixture
def make_disk(tmp_path: Path) -> MakeDisk:
    """Makes a small disk with slots that can only be chosen, not started, and this environment of GRUB's."""

    def make(environment: bytes, kernels: Sequence[str] = ("A", "B")) -> Path:
        core, boot = tmp_path / "core.img", tmp_path / "boot.img"
        core.write_bytes(grub.bios_core(BOOT_NUMBER))
        make_fat(boot, "PARLOR", BOOT_SIZE, {**boot_files(), "grub/grubenv": environment})
        partitions = [Partition("bios", BIOS_BOOT, MIB, core), Partition("boot", EFI_SYSTEM, BOOT_SIZE, boot)]
        for slot in SLOTS:
            folder = tmp_path / slot.label
            (folder / "boot").mkdir(parents=True)
            if slot.name in kernels:
                (folder / "boot/vmlinuz").write_bytes(b"no kernel")
            image = tmp_path / f"{slot.label}.img"
            make_slot(image, folder, 8 * MIB)
            partitions.append(Partition(slot.label, LINUX, 8 * MIB, image))
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        disk = tmp_path / "disk.img"
        lay_out(disk, partitions, scratch)
        with disk.open("r+b") as file:
            file.write(grub.bios_boot_sector())
        return disk

    return make


def environment(**changed: str) -> bytes:
    return grub.environment({**grub.FIRST_ENVIRONMENT, **changed})


def choices(disk: Path, boots: int, firmware: Firmware = Firmware.UEFI) -> list[str]:
    """The slots (with the number of the try) that GRUB chose in so many starts."""
    with Vm("grub", disk, firmware=firmware, memory_mib=256) as vm:
        for number in range(boots):
            deadline = time.monotonic() + 120
            while vm.console.read_text(errors="replace").count(CHOICE) <= number:
                assert time.monotonic() < deadline, vm.last_words()
                time.sleep(0.1)
            vm.control("system_reset")
        said = vm.console.read_text(errors="replace").split(CHOICE)[1 : boots + 1]
        return [f"{each[0]}{each.split('try ')[1][0]}" for each in said]


def saved(disk: Path, tmp_path: Path) -> dict[str, str]:
    place = tmp_path / "saved"
    place.unlink(missing_ok=True)
    run(["mcopy", "-i", f"{disk}@@{BOOT_START}", "::grub/grubenv", place])
    return dict(line.split("=", 1) for line in run(["grub-editenv", place, "list"]).stdout.splitlines())


def test_each_slot_has_three_tries_and_all_get_new_ones_at_the_end(make_disk: MakeDisk, tmp_path: Path) -> None:
    disk = make_disk(environment(B_OK="1"))
    assert choices(disk, 7) == ["A1", "A2", "A3", "B1", "B2", "B3", "A1"]
    assert saved(disk, tmp_path)["B_TRY"] == "0"


def test_the_preferred_slot_comes_first(make_disk: MakeDisk, tmp_path: Path) -> None:
    disk = make_disk(environment(B_OK="1", ORDER="B A"))
    assert choices(disk, 1) == ["B1"]
    assert saved(disk, tmp_path) == {"ORDER": "B A", "A_OK": "1", "A_TRY": "0", "B_OK": "1", "B_TRY": "1"}


def test_a_slot_that_is_not_good_is_passed_over_however_often_the_other_fails(
    make_disk: MakeDisk, tmp_path: Path
) -> None:
    disk = make_disk(environment(A_OK="0", B_OK="1"))
    assert choices(disk, 4) == ["B1", "B2", "B3", "B1"]


def test_a_slot_without_a_kernel_is_passed_over(make_disk: MakeDisk, tmp_path: Path) -> None:
    assert choices(make_disk(environment(B_OK="1"), kernels="B"), 1) == ["B1"]


def test_without_any_good_slot_one_is_tried_all_the_same(make_disk: MakeDisk, tmp_path: Path) -> None:
    assert choices(make_disk(environment(A_OK="0"), kernels="B"), 1) == ["B1"]


@pytest.mark.parametrize(
    "damaged",
    [b"", bytes(1024), b"# GRUB Environment Block\nORDER="],
    ids=["empty", "zeros", "broken off"],
)
def test_a_damaged_environment_does_not_keep_the_box_from_starting(make_disk: MakeDisk, damaged: bytes) -> None:
    assert choices(make_disk(damaged, kernels="B"), 1) == ["B1"]


def test_tries_are_counted_with_a_damaged_environment_too(make_disk: MakeDisk) -> None:
    assert choices(make_disk(b""), 4) == ["A1", "A2", "A3", "B1"]


def test_a_legacy_bios_starts_the_same_way(make_disk: MakeDisk, tmp_path: Path) -> None:
    disk = make_disk(environment())
    with Vm("grub", disk, firmware=Firmware.BIOS, memory_mib=256) as vm:
        deadline = time.monotonic() + 120
        while saved(disk, tmp_path)["A_TRY"] != "1":
            assert time.monotonic() < deadline, vm.last_words()
            time.sleep(0.5)
