"""Updates of a whole machine: to the other slot and back with people's data kept; away from versions that do not work.

One machine serves all, in this order. Without KVM a start takes minutes, and a version that does not work costs three.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from image import bundle
from tests.image import updating
from tests.image.power import notices
from tests.image.updating import GOOD_S, UP_S, Change, Machine, updatable, update, wait_for

# Two installations and as many starts, where there is no KVM, beside other work.
pytestmark = pytest.mark.timeout(3600)

BACK_S = 3000.0


@pytest.fixture(scope="module")
def machine(owned_disk: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Flashed with the tree of today, and somebody's."""
    with updatable(owned_disk, tmp_path_factory.mktemp("update")) as machine:
        yield machine


def test_the_first_start_is_called_good_and_can_be_updated(machine: Machine) -> None:
    said = wait_for(machine.vm, {"state": "idle", "slot": "A"}, GOOD_S)
    assert said["version"] == bundle.version_of(machine.tree)
    environment = machine.vm.run(["grub-editenv", "/boot/grub/grubenv", "list"]).stdout.split()
    assert {"A_OK=1", "A_TRY=0"} <= set(environment)


def test_to_the_other_slot_from_the_server_and_everything_is_kept(machine: Machine) -> None:
    made = machine.make("9.0.0", updating.our_code_changes)
    machine.server.offer(machine.tree, made)
    before = machine.people()
    assert "9.0.0" in machine.vm.run(["parlor", "update", "--check"]).stdout
    sent = machine.server.sent
    machine.install_and_restart()
    assert 0 < machine.server.sent - sent <= updating.SMALL_UPDATE * made.stat().st_size
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


@pytest.mark.long
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
    machine.vm.wait_until_up(UP_S)
    assert said["version"] == running["version"]
    assert words in said["last"]["reason"]["message"]
    assert machine.people() == before
    assert any(version in said for said in notices(machine.vm))
