"""Updates of a whole machine: to the other slot and back with people's data kept; away from versions that do not work.

One machine serves all, in this order. Without KVM a start takes minutes, and a version that does not work costs three.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from image import bundle
from image.cache import hold
from image.disk.disk import disk_image
from image.tree import Tree, build_tree
from image.vm import Vm, new_disk
from tests.box.house import provisioning
from tests.image import updating
from tests.image.updating import Change, Server, update, wait_for

# Two installations and as many starts, where there is no KVM, beside other work.
pytestmark = [pytest.mark.timeout(3600), pytest.mark.long]

DOMAIN = "one.example"
PASSWORD = "a good password"
GOOD_S = 1500.0
BACK_S = 3000.0
TRIES = 4
UP_S = 1200.0


@dataclass(frozen=True)
class Machine:
    """A machine with an owner, and the server that it asks."""

    vm: Vm
    server: Server
    tree: Tree
    folder: Path

    def people(self) -> list[tuple[str, str]]:
        """Everybody, with their role."""
        listed = json.loads(self.vm.run(["parlor", "user", "list", "--json"]).stdout)
        return [(person["name"], person["role"]) for person in listed]

    def make(self, version: str, change: Change | None = None) -> Path:
        """A bundle of another version."""
        return updating.make_version(self.tree, version, self.folder, change)

    def install_and_restart(self, *source: str) -> None:
        """Install what the server offers, or a file, and restart into it."""
        self.vm.run(["parlor", "update", "--install", *source], timeout_s=GOOD_S)
        assert update(self.vm)["state"] == "waiting"
        boots = self.vm.boots
        self.vm.run(["parlor", "update", "--restart"])
        self.vm.wait_for_reset(boots)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Flashed with the tree of today, and claimed."""
    folder = tmp_path_factory.mktemp("update")
    tree = build_tree()
    held = [hold(tree.base), hold(tree.product)]  # others build while this runs
    disk = new_disk(disk_image(tree), folder / "disk.img")
    with updating.serving(folder / "site") as server, Vm("updated", disk) as vm:
        vm.wait_until_up(UP_S)
        vm.run(["sh", "-c", "cat > /run/setup.toml"], stdin=provisioning(DOMAIN, "ann", PASSWORD))
        claim(vm)
        vm.run(["parlor", "user", "add", "bob"], stdin=f"{PASSWORD}\n")
        vm.run(["parlor", "settings", "set", "updates.automatic", "false"])
        vm.run(["parlor", "settings", "set", "updates.server", server.address])
        yield Machine(vm, server, tree, folder)
    disk.unlink()
    for descriptor in held:
        os.close(descriptor)


def claim(vm: Vm) -> None:
    """Set it up; a slow machine may need more than one try until the chat server has started."""
    for _ in range(TRIES - 1):
        if vm.run(["parlor", "setup", "/run/setup.toml"], check=False, timeout_s=900).returncode == 0:
            return
    vm.run(["parlor", "setup", "/run/setup.toml"], timeout_s=900)


def test_the_first_start_is_called_good_and_can_be_updated(machine: Machine) -> None:
    said = wait_for(machine.vm, {"state": "idle", "slot": "A"}, GOOD_S)
    assert said["version"] == bundle.version_of(machine.tree)
    environment = machine.vm.run(["grub-editenv", "/boot/grub/grubenv", "list"]).stdout.split()
    assert {"A_OK=1", "A_TRY=0"} <= set(environment)


def test_to_the_other_slot_from_the_server_and_everything_is_kept(machine: Machine) -> None:
    machine.server.offer(machine.tree, machine.make("9.0.0"))
    before = machine.people()
    assert "9.0.0" in machine.vm.run(["parlor", "update", "--check"]).stdout
    machine.install_and_restart()
    said = wait_for(machine.vm, {"slot": "B", "state": "idle", "outcome": "good"}, GOOD_S)
    assert said["version"] == "9.0.0"
    assert machine.people() == before
    assert "proof" in machine.vm.journal("--unit=parlor-confirm", "--unit=parlor-proof")


def test_and_back_from_a_file(machine: Machine) -> None:
    before = machine.people()
    made = machine.make("9.1.0")
    name = f"{machine.server.address}/{made.name}"
    (machine.server.site.folder / made.name).write_bytes(made.read_bytes())
    fetch = f"import urllib.request; urllib.request.urlretrieve({name!r}, '/data/new.raucb')"
    machine.vm.run(["python3", "-c", fetch], timeout_s=GOOD_S)
    machine.install_and_restart("/data/new.raucb")
    said = wait_for(machine.vm, {"slot": "A", "state": "idle", "outcome": "good"}, GOOD_S)
    assert said["version"] == "9.1.0"
    assert machine.people() == before
    machine.vm.run(["rm", "/data/new.raucb"])


@pytest.mark.parametrize(
    ("version", "change", "words"),
    [
        ("9.2.0", updating.without_chat, "Not everything works"),
        ("9.3.0", updating.without_init, "did not start"),
        ("9.4.0", updating.that_hangs, "did not start"),
    ],
    ids=["chat", "panic", "hang"],
)
def test_a_version_that_does_not_work_goes_by_itself(
    machine: Machine, version: str, change: Change, words: str
) -> None:
    before, running = machine.people(), update(machine.vm)
    machine.server.offer(machine.tree, machine.make(version, change))
    machine.vm.run(["parlor", "update", "--check"])
    boots = machine.vm.boots
    machine.install_and_restart()
    said = wait_for(machine.vm, {"slot": running["slot"], "outcome": "failed"}, BACK_S)
    assert machine.vm.boots - boots <= 4  # three tries of the new version, and the old one
    assert said["version"] == running["version"]
    assert words in said["last"]["reason"]["message"]
    assert machine.people() == before
    assert any(version in notice["message"] for notice in json.loads(status(machine.vm))["notices"])


def status(vm: Vm) -> str:
    return vm.run(["parlor", "status", "--json"], check=False).stdout
