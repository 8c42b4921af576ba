"""The power goes while a new version is installed and started: the box runs the old one or the new one, whole."""

import itertools
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from image.vm import Vm
from tests.image.updating import GOOD_S, UP_S, Machine, updatable, wait_for

pytestmark = [pytest.mark.timeout(4 * 3600), pytest.mark.long]

CUTS = 30
# Seconds from the first request of an installation to the end of the proof, where there is no KVM.
SPAN_S = 600.0
NEW = "9.0.0"
# Three steps of the box's own command, by the name of its unit.
BEGUN = "installation"
SCRIPT = "parlor update --check && parlor update --install && parlor update --restart"


@contextmanager
def cut(machine: Machine, disk: Path) -> Iterator[Machine]:
    """The machine as it comes back if its power goes now; the machine itself waits, and then goes on."""
    machine.vm.copy_as_cut(disk)
    machine.vm.control("stop")
    with Vm("cut", disk) as vm:
        vm.wait_until_up(UP_S)
        yield Machine(vm, machine.server, machine.tree, machine.folder)
    machine.vm.control("cont")
    disk.unlink()


def test_power_cuts_across_an_installation(owned_disk: Path, tmp_path: Path) -> None:
    with updatable(owned_disk, tmp_path, volatile_cache=True) as machine:
        people, old = machine.people(), machine.version()
        machine.server.offer(machine.tree, machine.make(NEW))
        machine.vm.run(["systemd-run", f"--unit={BEGUN}", "--collect", "sh", "-c", SCRIPT])
        seen: list[str] = []
        while len(seen) < CUTS or NEW not in seen:
            time.sleep(random.uniform(0, 2 * SPAN_S / CUTS))
            with cut(machine, tmp_path / "cut.img") as back:
                seen.append(wait_for(back.vm, {"state": "idle"}, UP_S)["version"])
                assert back.people() == people
                print(f"cut {len(seen)}: {seen[-1]}", flush=True)
                if len(seen) == CUTS // 3 and seen[-1] == old:
                    back.vm.run(["parlor", "update", "--check"])
                    back.install_and_restart()
                    wait_for(back.vm, {"version": NEW, "state": "idle", "outcome": "good"}, GOOD_S)
        print([(version, len(list(same))) for version, same in itertools.groupby(seen)])
        assert set(seen) <= {old, NEW}
        wait_for(machine.vm, {"version": NEW, "state": "idle", "outcome": "good"}, GOOD_S)
