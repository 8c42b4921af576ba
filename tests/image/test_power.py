"""The power goes while a machine starts for the first time, and disks die: there is always a start, and a message.

What chat load and power cuts do is held in `tests/box/test_power.py`, what the initramfs does with each kind of damage
in `test_data_check.py`, and what is put back in `tests/box/test_keep.py`; here the whole machine goes through it.
"""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from image.process import run
from image.vm import GIB, Vm, new_disk
from tests.image.power import SIZE, TLS_PORT, claim, noise, notices, ruin, status, works

pytestmark = pytest.mark.timeout(3600)

MIB = 1 << 20
PORTS = {443: 0, TLS_PORT: 0}
# Seconds that a start may take on a machine with other work, and in which a first start does what it does only once.
UP_S = 1200.0
FIRST_S = 25.0
LONG = pytest.mark.long


@contextmanager
def first_start(image: Path, folder: Path, cuts: int) -> Iterator[Vm]:
    """Cut the first start at random moments; the next one comes up to the wizard, on the whole disk."""
    with Vm("first", new_disk(image, folder / "disk.img", SIZE), ports=PORTS, volatile_cache=True) as vm:
        for _ in range(cuts):
            vm.wait_for_guest(UP_S)
            time.sleep(random.uniform(0, FIRST_S))
            vm.kill()
            vm.start()
        vm.wait_until_up(UP_S)
        assert not status(vm)["claimed"]
        assert len(vm.run(["parlor", "claim-code"]).stdout.strip()) > 6
        size = vm.run(["findmnt", "--noheadings", "--bytes", "--output", "SIZE", "/data"]).stdout
        assert int(size) > 0.9 * GIB
        assert notices(vm) == []
        yield vm


@contextmanager
def started(disk: Path, folder: Path, *ruined: str) -> Iterator[Vm]:
    """A machine with a copy of the disk, some partitions of it beyond repair; it starts once, not in a loop."""
    copy = folder / "disk.img"
    run(["cp", "--sparse=always", disk, copy])
    for label in ruined:
        ruin(copy, label)
    with Vm("damaged", copy, ports=PORTS) as vm:
        vm.wait_until_up(UP_S)
        assert vm.boots == 1
        yield vm


@LONG
def test_a_first_start_that_is_cut_goes_on_at_the_next(image: Path, tmp_path: Path) -> None:
    with first_start(image, tmp_path, 1) as vm:
        claim(vm)
        vm.run(["systemctl", "start", "parlor-keep.service"], timeout_s=600)
        assert status(vm)["last_good"]
        assert "/run/parlor-keep" not in vm.run(["findmnt"]).stdout
        works(vm, tmp_path)


@LONG
def test_a_disk_beyond_repair_gets_the_last_good_state_and_says_so(owned_disk: Path, tmp_path: Path) -> None:
    with started(owned_disk, tmp_path, "data") as vm:
        assert '"replaced"' in vm.run(["cat", "/run/parlor-boot/data.json"]).stdout
        (said,) = notices(vm)
        assert "in its state of" in said
        works(vm, tmp_path)


@LONG
def test_without_a_copy_a_lost_disk_makes_a_new_box_that_says_so(owned_disk: Path, tmp_path: Path) -> None:
    with started(owned_disk, tmp_path, "data", "keep") as vm:
        assert not status(vm)["claimed"]
        assert "Replace the disk" in notices(vm)[0]


@LONG
@pytest.mark.timeout(4 * 3600)
def test_a_first_start_that_is_cut_30_times_goes_on_at_the_next(image: Path, tmp_path: Path) -> None:
    with first_start(image, tmp_path, 30):
        pass


@LONG
@pytest.mark.parametrize(
    ("first", "length"),
    [(0, 4096), (0, MIB), (4 * MIB, 16 * MIB), (64 * MIB, 40 * MIB)],
    ids=["superblock", "group descriptors", "inode tables", "journal"],
)
def test_a_damaged_disk_starts_and_the_people_are_there(
    owned_disk: Path, tmp_path: Path, first: int, length: int
) -> None:
    run(["cp", "--sparse=always", owned_disk, tmp_path / "noisy.img"])
    noise(tmp_path / "noisy.img", "data", first, length)
    with started(tmp_path / "noisy.img", tmp_path) as vm:
        works(vm, tmp_path)


@LONG
def test_damage_that_the_kernel_finds_later_is_seen_and_mended_by_the_next_start(
    owned_disk: Path, tmp_path: Path
) -> None:
    count = "from appliance.system import data_disk; print(data_disk.errors())"
    with started(owned_disk, tmp_path) as vm:
        assert vm.run(["python3", "-I", "-c", count]).stdout.strip() == "0"
        vm.run(["sh", "-c", "echo 1 > /sys/fs/ext4/$(findmnt -no SOURCE /data | xargs basename)/trigger_fs_error"])
        assert vm.run(["touch", "/data/written"], check=False).returncode != 0
        assert int(vm.run(["python3", "-I", "-c", count]).stdout) > 0
        vm.reboot()
        vm.wait_until_up(UP_S)
        assert vm.run(["python3", "-I", "-c", count]).stdout.strip() == "0"
        assert any("was repaired" in said for said in notices(vm))
        works(vm, tmp_path)


@LONG
def test_a_disk_without_room_to_grow_starts_and_says_that_it_is_small(image: Path, tmp_path: Path) -> None:
    with Vm("small", new_disk(image, tmp_path / "disk.img", 0), ports=PORTS) as vm:
        vm.wait_until_up(UP_S)
        claim(vm)
        vm.run(["systemctl", "start", "parlor-keep.service"], timeout_s=600)
        assert any("The disk is small" in said for said in notices(vm))
        works(vm, tmp_path)


@LONG
def test_a_full_disk_starts(owned_disk: Path, tmp_path: Path) -> None:
    with started(owned_disk, tmp_path) as vm:
        fill = "dd if=/dev/zero of=/data/uploads/filler bs=1M; dd if=/dev/zero of=/data/uploads/rest bs=512; sync"
        vm.run(["sh", "-c", fill], user="ejabberd", check=False, timeout_s=600)
        vm.reboot()
        vm.wait_until_up(UP_S)
        assert status(vm)["claimed"]
        assert any("The disk is full" in said for said in notices(vm))
        vm.run(["rm", "/data/uploads/filler"])
        works(vm, tmp_path)
