"""A private bus for each test that wants one, with nobody on it."""

import select
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def bus_address(tmp_path: Path) -> Iterator[str]:
    """The address of a D-Bus daemon of one's own."""
    command = ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1"]
    with subprocess.Popen([*command, f"--address=unix:path={tmp_path}/bus"], stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout is not None
        assert select.select([daemon.stdout], [], [], 10)[0]
        yield daemon.stdout.readline().decode().strip()
        daemon.terminate()
