"""The image on a virtual PC, unmodified: it starts to the wizard, nothing fails, data are kept.

One machine serves most tests, in this order; it takes a minute or two to start where there is no KVM.
"""

import json
import ssl
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from image.disk.disk import disk_image
from image.disk.layout import MIB
from image.process import CommandError
from image.qemu import Firmware
from image.tree import build_tree
from image.vm import DISK_SIZE, Vm, new_disk

# Mostly for the first one, which boots the machine; other work goes on beside it.
pytestmark = pytest.mark.timeout(1200)

SECTOR = 512
BLOCK = 4096


@pytest.fixture(scope="module")
def vm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vm]:
    """A machine that has been flashed and switched on for the first time."""
    disk = new_disk(disk_image(build_tree()), tmp_path_factory.mktemp("vm") / "disk.img")
    with Vm("flashed", disk) as machine:
        machine.wait_until_up()
        yield machine
    disk.unlink()


def page(vm: Vm) -> str:
    """The setup page, as a browser on the host gets it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with urllib.request.urlopen(f"https://127.0.0.1:{vm.ports[443]}/", timeout=60, context=context) as answer:
        assert answer.status == 200
        text: str = answer.read().decode()
        return text


def options(vm: Vm, place: str) -> set[str]:
    return set(vm.run(["findmnt", "--noheadings", "--output=OPTIONS", place]).stdout.strip().split(","))


def processes(vm: Vm) -> set[str]:
    return set(vm.run(["ps", "-A", "-o", "comm="]).stdout.split())


def test_it_starts_to_the_wizard(vm: Vm) -> None:
    assert "claim" in page(vm).lower()
    code = vm.run(["parlor", "claim-code"]).stdout.strip()
    assert code
    assert "rauc.slot=A" in vm.run(["cat", "/proc/cmdline"]).stdout.split()


def test_nothing_failed_and_no_unit_waits_for_itself(vm: Vm) -> None:
    assert vm.run(["systemctl", "is-system-running"]).stdout.strip() == "running"
    assert vm.run(["systemctl", "--failed", "--no-legend"]).stdout == ""
    assert "ordering cycle" not in vm.journal()


def test_data_uses_all_of_the_disk(vm: Vm) -> None:
    start, length = vm.run(["cat", "/sys/class/block/vda6/start", "/sys/class/block/vda6/size"]).stdout.split()
    assert (int(start) + int(length)) * SECTOR > DISK_SIZE - 2 * MIB
    blocks = int(vm.run(["stat", "--file-system", "--format=%b", "/data"]).stdout)
    assert blocks * BLOCK > 0.9 * int(length) * SECTOR


def test_data_was_checked_before_it_was_mounted(vm: Vm) -> None:
    assert json.loads(vm.run(["cat", "/run/parlor-boot/data.json"]).stdout) == {"state": "clean", "detail": ""}
    assert {"rw", "nosuid", "nodev", "noexec", "noatime"} <= options(vm, "/data")


def test_the_root_cannot_be_written_and_var_lasts_as_long_as_the_power(vm: Vm) -> None:
    assert "ro" in options(vm, "/")
    assert vm.run(["findmnt", "--noheadings", "--output=FSTYPE", "/var"]).stdout.strip() == "tmpfs"


def test_only_root_reads_the_boot_partition(vm: Vm) -> None:
    assert "parlor.toml" in vm.run(["cat", "/boot/README.txt"]).stdout
    assert vm.run(["stat", "--format=%a", "/boot"]).stdout.strip() == "700"
    with pytest.raises(CommandError, match="Permission denied"):
        vm.run(["ls", "/boot"], user="www-data")


def test_the_router_gives_address_and_name_servers(vm: Vm) -> None:
    shown = json.loads(vm.run(["ip", "-json", "-4", "address", "show", "scope", "global"]).stdout)
    assert [info["local"] for link in shown for info in link["addr_info"]] == ["10.0.2.15"]
    assert "nameserver 10.0.2.3\n" in vm.run(["cat", "/etc/resolv.conf"], user="www-data").stdout


def test_nobody_can_log_in_at_the_keyboard(vm: Vm) -> None:
    assert not processes(vm) & {"agetty", "login", "sulogin", "sshd"}
    for unit in ("emergency.service", "rescue.service"):
        shown = vm.run(["systemctl", "show", "--property=ExecStart,SuccessAction", unit]).stdout
        assert "sulogin" not in shown
        assert "SuccessAction=reboot-force" in shown


def test_the_screen_shows_the_claim_code(vm: Vm) -> None:
    deadline = time.monotonic() + 120
    while vm.run(["parlor", "claim-code"]).stdout.strip() not in (shown := vm.run(["cat", "/dev/vcs1"]).stdout):
        assert time.monotonic() < deadline, shown
        time.sleep(2)
    assert "10.0.2.15" in shown


def test_a_hang_will_be_noticed(vm: Vm) -> None:
    held = vm.run(["sh", "-c", "readlink /proc/1/fd/*"], check=False).stdout.split()
    assert "/dev/watchdog0" in held
    assert "did not stop" in vm.journal("--boot", "--dmesg"), "nothing watches until systemd does"


def test_what_streaming_an_update_needs_is_loaded(vm: Vm) -> None:
    assert {"nbd", "dm_verity"} <= {line.split()[0] for line in vm.run(["cat", "/proc/modules"]).stdout.splitlines()}


def test_a_second_start_finds_the_data_of_the_first(vm: Vm) -> None:
    certificate = ssl.get_server_certificate(("127.0.0.1", vm.ports[443]), timeout=60)
    vm.run(["sh", "-c", "echo kept > /data/kept; echo lost > /run/lost; : > /boot/grub/grubenv; sync"])
    boots = vm.boots
    vm.reboot()
    vm.wait_until_up()
    assert vm.boots == boots + 1
    assert vm.run(["cat", "/data/kept"]).stdout == "kept\n"
    assert ssl.get_server_certificate(("127.0.0.1", vm.ports[443]), timeout=60) == certificate
    assert vm.run(["test", "-e", "/run/lost"], check=False).returncode == 1
    assert json.loads(vm.run(["cat", "/run/parlor-boot/data.json"]).stdout)["state"] == "clean"
    assert "claim" in page(vm).lower()


def test_a_damaged_environment_of_the_boot_loader_was_mended(vm: Vm) -> None:
    """The test above left it empty."""
    listed = vm.run(["grub-editenv", "/boot/grub/grubenv", "list"]).stdout.splitlines()
    assert {"ORDER=A B", "A_OK=1", "B_OK=0"} <= set(listed)
    assert "A_TRY=0" in vm.run(["grub-editenv", "/boot/grub/fallback", "list"]).stdout.splitlines()


def test_the_power_button_shuts_it_down(vm: Vm) -> None:
    vm.stop()
    assert not vm.running
    assert "Power down" in vm.last_words()


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_legacy_bios_boots_it_too(tmp_path: Path) -> None:
    disk = new_disk(disk_image(build_tree()), tmp_path / "disk.img")
    with Vm("old", disk, firmware=Firmware.BIOS) as machine:
        machine.wait_until_up()
        assert "claim" in page(machine).lower()
        assert machine.run(["test", "-e", "/sys/firmware/efi"], check=False).returncode == 1


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_system_that_hangs_starts_anew(tmp_path: Path) -> None:
    """A debugger holds systemd still: it no longer feeds the watchdog."""
    disk = new_disk(disk_image(build_tree()), tmp_path / "disk.img")
    hold = "import ctypes, time; ctypes.CDLL(None).ptrace(16, 1, 0, 0); time.sleep(10000)"  # PTRACE_ATTACH
    with Vm("hanging", disk) as machine:
        machine.wait_until_up()
        boots = machine.boots
        machine.run(["systemd-run", "--no-block", "python3", "-c", hold])
        machine.wait_for_reset(boots, 300)
        machine.wait_until_up()
