"""The last good state: what a damaged box puts back by itself, and what it tells its admin."""

import json
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from image.box import Box
from image.cache import remove
from tests.box.house import ClaimedBox, House, provisioning

pytestmark = pytest.mark.timeout(300)

DOMAIN = "kept.example"
PASSWORD = "a good password"


@pytest.fixture(scope="module")
def owned(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClaimedBox]:
    """A box with an owner and a partition for its last good state, which holds one."""
    folder = tmp_path_factory.mktemp("kept")
    (folder / "keep").mkdir()
    binds = {"/run/parlor-keep": folder / "keep"}
    with Box("kept", house.tree, house.network, data=folder / "data", ca=house.authority.path, binds=binds) as box:
        box.wait_until_up()
        box.run(["sh", "-c", "cat > /run/setup.toml"], stdin=provisioning(DOMAIN, "ann", PASSWORD))
        box.run(["parlor", "setup", "/run/setup.toml"])
        yield ClaimedBox(box, DOMAIN, "ann", PASSWORD, house)


@pytest.fixture
def box(owned: ClaimedBox) -> ClaimedBox:
    """The box, well, with a last good state of this moment and nothing to say."""
    owned.parlor("dismiss")
    owned.wait_until_well()
    owned.box.run(["systemctl", "start", "parlor-keep"])
    assert notices(owned) == []
    return owned


def notices(box: ClaimedBox) -> list[str]:
    return [str(notice["message"]) for notice in box.status()["notices"]]


def noise(path: Path) -> None:
    """Overwrite the middle of a file, as a dying card does."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 4)
        file.write(os.urandom(path.stat().st_size // 2))


def restart(box: ClaimedBox) -> None:
    box.box.start()
    box.box.wait_until_up()
    box.wait_until_well()


def test_a_state_is_kept_and_the_status_says_when(box: ClaimedBox) -> None:
    made = box.status()["last_good"]
    assert made["whole"]
    assert abs(made["made"] - time.time()) < 60
    assert "last good state" in box.parlor("status").stdout
    timers = box.box.run(["systemctl", "list-timers", "--no-legend", "parlor-keep.timer"]).stdout
    assert "parlor-keep.service" in timers


def test_without_the_partition_nothing_is_kept_and_nothing_fails(house: House, tmp_path: Path) -> None:
    with Box("plain", house.tree, house.network, data=tmp_path / "data") as plain:
        plain.wait_until_up()
        plain.run(["systemctl", "start", "parlor-keep"])
        assert "no keep partition" in plain.journal("-u", "parlor-keep")


def test_a_damaged_database_is_set_aside_and_its_copy_put_in_place(box: ClaimedBox) -> None:
    database = box.box.data / "ejabberd/ejabberd.sqlite"
    box.box.stop()
    noise(database)
    restart(box)
    (said,) = notices(box)
    assert "was damaged. It was set aside as" in said
    (aside,) = database.parent.glob("*.damaged-*")
    assert aside.name in said
    aside.unlink()
    assert [person["name"] for person in json.loads(box.parlor("user", "list", "--json").stdout)] == ["ann"]
    assert (database.stat().st_uid, database.stat().st_mode & 0o777) == (901, 0o600)
    box.parlor("dismiss")
    assert notices(box) == []


def test_damage_that_the_daily_copy_finds_is_told_and_mended_at_the_next_start(box: ClaimedBox) -> None:
    kept = box.status()["last_good"]
    database = box.box.data / "ejabberd/ejabberd.sqlite"
    box.box.run(["systemctl", "stop", "ejabberd"])
    noise(database)
    box.box.run(["systemctl", "start", "parlor-keep"])
    assert box.status()["last_good"] == kept
    assert "Restart the box" in notices(box)[0]
    box.box.reboot()
    box.box.wait_until_up()
    box.wait_until_well()
    assert "set aside" in notices(box)[-1]
    for aside in database.parent.glob("*.damaged-*"):
        aside.unlink()


def test_settings_damaged_beyond_repair_come_from_the_copy(box: ClaimedBox) -> None:
    box.box.stop()
    for path in (box.box.data / "core").glob("settings-*"):
        path.write_bytes(b"\0" * 100)
    restart(box)
    assert box.status()["claimed"]
    assert "Their copies of" in notices(box)[0]


def replace_the_disk(box: ClaimedBox) -> None:
    """What the initramfs does with a file system beyond repair."""
    box.box.stop()
    for path in list(box.box.data.iterdir()):
        remove(path)
    (box.box.data / ".mend").write_text("replaced\n")


def test_a_replaced_disk_gets_the_last_good_state_and_says_of_what_day(box: ClaimedBox) -> None:
    certificate = (box.box.data / "core/certificate.pem").read_bytes()
    replace_the_disk(box)
    restart(box)
    assert (box.box.data / "core/certificate.pem").read_bytes() == certificate
    (said,) = notices(box)
    assert f"in its state of {time.strftime('%Y-%m-%d', time.gmtime())}" in said
    assert [person["name"] for person in json.loads(box.parlor("user", "list", "--json").stdout)] == ["ann"]
    assert not (box.box.data / ".mend").exists()


def test_a_box_that_started_as_new_before_it_was_put_back_is_put_back_at_the_next_start(box: ClaimedBox) -> None:
    replace_the_disk(box)
    (box.box.data / ".mend").unlink()
    box.box.start()
    box.box.wait_until_up()
    assert not box.status()["claimed"]
    (box.box.data / ".mend").write_text("replaced\n")
    box.box.stop()
    restart(box)
    assert [person["name"] for person in json.loads(box.parlor("user", "list", "--json").stdout)] == ["ann"]


def test_power_cuts_while_it_is_put_back_do_no_harm(box: ClaimedBox) -> None:
    replace_the_disk(box)
    for _ in range(5):
        box.box.start()
        time.sleep(random.uniform(0.2, 2.0))
        box.box.kill()
    restart(box)
    assert any("in its state of" in said for said in notices(box))
    assert [person["name"] for person in json.loads(box.parlor("user", "list", "--json").stdout)] == ["ann"]


def test_without_a_copy_the_box_is_new_and_says_what_happened(box: ClaimedBox) -> None:
    """The last test here: the box has no owner afterwards."""
    replace_the_disk(box)
    keep = box.box.data.parent / "keep"
    for manifest in keep.glob("*/manifest.json"):
        manifest.write_text("{")
    box.box.start()
    box.box.wait_until_up()
    assert not box.status()["claimed"]
    assert "Replace the disk" in notices(box)[0]
    script = "from appliance.console import look; from appliance.client import Client; print(look(Client()))"
    screen = box.box.run(["python3", "-I", "-c", script]).stdout
    assert "damaged beyond repair" in screen
    assert box.parlor("claim-code").stdout.strip() in screen
