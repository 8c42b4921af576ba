"""The power goes while people chat: what was acknowledged is there afterwards.

A running box is cut at many moments without being switched off: what its disk has really written by then is copied,
and read as the next start would. Some cuts are real, with a start.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from image.box import Box
from image.process import run
from tests.box.house import ClaimedBox, House, provisioning
from tests.box.load import DATABASE, PASSWORD, PEOPLE, Load, lost
from tests.box.test_durability import DROP_IN, restart
from tests.box.volatile import VolatileDisk, dumped

pytestmark = pytest.mark.timeout(400)

DOMAIN = "power.example"
MOMENTS = 12
ROUNDS = 2
MNESIA = "ejabberd/mnesia"
MNESIA_FILES = ("archive_msg.DAT", "archive_msg.TMP", "LATEST.LOG", "PREVIOUS.LOG")


@dataclass
class Powered:
    """A box that somebody owns, on a disk that loses what was not flushed."""

    owned: ClaimedBox
    disk: VolatileDisk

    def load(self, folder: Path) -> Load:
        """Two people who chat."""
        ca = folder / "ca.pem"
        ca.write_bytes((self.disk.folder / "core/certificate.pem").read_bytes())
        return Load(self.owned.address, 5223, DOMAIN, ca)

    def moments(self, folder: Path, count: int) -> list[tuple[Path, frozenset[str]]]:
        """What is really on the disk at some moments of a lively chat, and what was acknowledged by then."""
        made: list[tuple[Path, frozenset[str]]] = []
        with self.load(folder) as load:
            for number in range(count):
                load.wait_for(random.randint(5, 60))
                acknowledged = frozenset(load.acknowledged)
                self.disk.copy(folder / f"{number}.img")
                made.append((folder / f"{number}.img", acknowledged))
        return made

    def losses(self, folder: Path, moments: int) -> list[int]:
        """How much would be lost at each of some moments."""
        files = (DATABASE, f"{DATABASE}-wal")
        return [
            len(lost(dumped(path, files) / Path(DATABASE).name, acknowledged))
            for path, acknowledged in self.moments(folder, moments)
        ]

    def restart_with(self, drop_in: str) -> None:
        """Let ejabberd run in another way."""
        self.owned.box.run(["mkdir", "-p", str(DROP_IN.parent)])
        self.owned.box.run(["tee", str(DROP_IN)], stdin=drop_in)
        restart(self.owned)
        self.owned.wait_until_well()

    def start_command(self) -> str:
        """How ejabberd's unit starts it."""
        unit = self.owned.box.run(["cat", "/etc/systemd/system/ejabberd.service"]).stdout
        command = re.search(r"^ExecStart=((?:.*\\\n)*.*)$", unit, re.MULTILINE)
        assert command
        return command[1]

    def survive(self, folder: Path) -> None:
        """Cut the power under load; the next start is well and has everything that was acknowledged."""
        with self.load(folder) as load:
            load.wait_for(random.randint(20, 200))
            acknowledged = frozenset(load.acknowledged)
            self.disk.cut()
            self.owned.box.kill()
        self.disk.cut()
        self.disk.plug()
        self.owned.box.start()
        self.owned.box.wait_until_up()
        assert self.owned.wait_until_well()["notices"] == []
        self.owned.box.run(["systemctl", "stop", "ejabberd"])
        assert lost(self.disk.folder / DATABASE, acknowledged) == set()
        self.owned.box.run(["systemctl", "start", "ejabberd"])
        with self.load(folder) as load:
            load.wait_for(10)


@pytest.fixture(scope="module")
def powered(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Powered]:
    with (
        VolatileDisk(tmp_path_factory.mktemp("volatile")) as disk,
        Box("power", house.tree, house.network, data=disk.folder) as box,
    ):
        box.wait_until_up()
        box.run(["sh", "-c", "cat > /run/setup.toml"], stdin=provisioning(DOMAIN, PEOPLE[0], PASSWORD))
        box.run(["parlor", "setup", "/run/setup.toml"], timeout_s=120)
        box.run(["parlor", "user", "add", PEOPLE[1]], stdin=f"{PASSWORD}\n")
        yield Powered(ClaimedBox(box, DOMAIN, PEOPLE[0], PASSWORD, house), disk)


def test_no_acknowledged_message_is_lost_at_any_moment(powered: Powered, tmp_path: Path) -> None:
    assert powered.losses(tmp_path, MOMENTS) == [0] * MOMENTS


def test_no_acknowledged_message_is_lost_by_power_cuts_and_the_starts_after_them(
    powered: Powered, tmp_path: Path
) -> None:
    for _ in range(ROUNDS):
        powered.survive(tmp_path)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_no_acknowledged_message_is_lost_by_30_power_cuts(powered: Powered, tmp_path: Path) -> None:
    for _ in range(30):
        powered.survive(tmp_path)


def test_a_database_that_does_not_wait_for_the_disk_does_lose_messages(powered: Powered, tmp_path: Path) -> None:
    """The negative control: were this to find nothing lost, the tests above would prove nothing."""
    pragma = f'sqlite3:sql_exec(list_to_atom(\\"ejabberd_sqlite_{DOMAIN}\\"),\\"pragma synchronous=off\\")'
    powered.restart_with(f'[Service]\nExecStart=\nExecStart={powered.start_command()} -eval "{pragma}"\n')
    assert sum(powered.losses(tmp_path, 4)) > 0


def test_ejabberd_as_it_comes_does_lose_messages(powered: Powered, tmp_path: Path) -> None:
    """Why archives are not in Mnesia: what it calls written is not on the disk. Another negative control."""
    own = "/run/ejabberd/mnesia.yml"
    change = '-e "/mod_durable_ack/d" -e "s/^  .mod_mam.:$/&\\\\n    db_type: mnesia/"'
    command = powered.start_command().replace("/run/ejabberd/mnesia", f"/data/{MNESIA}")
    powered.restart_with(
        f"[Service]\nExecStartPre=/bin/sh -c 'sed {change} $EJABBERD_CONFIG_PATH > {own}'\n"
        f"ExecStart=\nExecStart=/usr/bin/env EJABBERD_CONFIG_PATH={own} {command}\n"
    )
    moments = powered.moments(tmp_path, 4)
    assert sum(len(missing(disk, acknowledged)) for disk, acknowledged in moments) > 0
    _, acknowledged = moments[-1]
    run(["sync", "--file-system", powered.disk.folder])  # then all of it is there: we look in the right place
    powered.disk.copy(tmp_path / "synced.img")
    assert missing(tmp_path / "synced.img", acknowledged) == set()


def missing(disk: Path, acknowledged: frozenset[str]) -> set[str]:
    """What was acknowledged and is nowhere in Mnesia's files."""
    folder = dumped(disk, tuple(f"{MNESIA}/{name}" for name in MNESIA_FILES))
    kept = b"".join(path.read_bytes() for path in folder.iterdir())
    return {body for body in acknowledged if body.encode() not in kept}
