"""The power goes while a new version is installed and started: the box runs the old one or the new one, whole."""

import random
import time
from pathlib import Path

import pytest

from tests.image.updating import UP_S, Machine, updatable, wait_for

pytestmark = [pytest.mark.timeout(4 * 3600), pytest.mark.long]

CUTS = 30
# Seconds from the first request of an installation to the restart's end, where there is no KVM.
SPAN_S = 420.0
# Three steps of the box's own command, by the name of its unit.
BEGUN = "installation"
SCRIPT = "parlor update --check && parlor update --install && parlor update --restart"


def cut(machine: Machine) -> float:
    """Let the power go at some moment of an installation, and come back; returns after how many seconds it went."""
    machine.vm.run(["systemd-run", f"--unit={BEGUN}", "--collect", "sh", "-c", SCRIPT])
    moment = random.uniform(0, SPAN_S)
    time.sleep(moment)
    machine.vm.kill()
    machine.vm.start()
    machine.vm.wait_until_up(UP_S)
    return moment


def test_power_cuts_across_an_installation(owned_disk: Path, tmp_path: Path) -> None:
    with updatable(owned_disk, tmp_path, volatile_cache=True) as machine:
        people, version = machine.people(), machine.version()
        offered = version
        for number in range(CUTS):
            if version == offered:
                offered = f"9.0.{number}"
                machine.server.offer(machine.tree, machine.make(offered))
            moment = cut(machine)
            said = wait_for(machine.vm, {"state": "idle"}, UP_S)
            print(f"cut after {moment:.0f} s: {version} → {said['version']}", flush=True)
            assert said["version"] in (version, offered)
            assert machine.people() == people
            version = said["version"]
