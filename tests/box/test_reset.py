"""The factory reset of a whole box: by the command, by the page's call, by a file on the boot partition."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from image.box import Box
from tests.box.house import House, provisioning
from tests.box.portal_user import as_portal

pytestmark = pytest.mark.timeout(240)

PASSWORD = "a good password"


@pytest.fixture
def box(house: House, tmp_path: Path) -> Iterator[Box]:
    """A box with an owner, set up by hand, and with a last good state."""
    (tmp_path / "keep").mkdir()
    binds = {"/run/parlor-keep": tmp_path / "keep"}
    with Box("anew", house.tree, house.network, data=tmp_path / "data", boot=tmp_path / "boot", binds=binds) as owned:
        house.names.add("anew.example", owned.address)
        set_up(owned)
        yield owned


def set_up(box: Box) -> None:
    box.wait_until_up()
    box.run(["sh", "-c", "cat > /run/setup.toml"], stdin=provisioning("anew.example", "ann", PASSWORD))
    box.run(["parlor", "setup", "/run/setup.toml"])
    box.run(["sh", "-c", "echo old > /run/parlor-keep/state; echo old > /data/uploads/file; echo mine > /boot/mine"])


def claimed(box: Box) -> bool:
    return bool(json.loads(box.run(["parlor", "status", "--json"], check=False).stdout)["claimed"])


def keys(box: Box) -> set[str]:
    """What makes a box itself: digests of its certificate and its secrets."""
    certificate = box.data / "core/certificate.pem"
    secrets = json.loads((box.data / "core/settings-v1.json").read_text())["secrets"]
    return {hashlib.sha256(certificate.read_bytes()).hexdigest(), *secrets.values()}


def is_as_new(box: Box, old: set[str], version: str) -> None:
    """Start the box that has gone down by itself, and see that nothing of its people is there."""
    assert box.wait(60), "it restarts"
    box.start()
    box.wait_until_up()
    assert not claimed(box)
    assert len(box.run(["parlor", "claim-code"]).stdout.strip()) > 6
    assert not keys(box) & old
    assert not list((box.data / "uploads").glob("*"))
    assert box.run(["ls", "-A", "/run/parlor-keep"]).stdout == ""
    assert (box.data.parent / "boot/mine").read_text() == "mine\n"
    assert not list((box.data.parent / "boot").glob("factory-reset*"))
    assert json.loads(box.run(["parlor", "status", "--json"]).stdout)["version"] == version


def test_each_way_leads_to_a_new_box_with_new_keys_of_the_same_version(box: Box) -> None:
    version = json.loads(box.run(["parlor", "status", "--json"]).stdout)["version"]
    for way in (by_command, by_call, by_file):
        assert claimed(box)
        old = keys(box)
        way(box)
        is_as_new(box, old, version)
        set_up(box)
    journal = box.journal()
    assert "Failed to start" not in journal


def by_command(box: Box) -> None:
    for answer in ("", "no\n", "another\n"):
        refused = box.run(["parlor", "reset"], stdin=answer, check=False)
        assert refused.returncode == 1
        assert "Nothing was erased" in refused.stderr
    assert "messages" in refused.stdout
    box.run(["parlor", "reset"], stdin="parlor\n")


CALL = """
token = call("POST", "/v1/sessions", {"name": "ann", "password": password})["token"]
result = [call("POST", "/v1/reset", body, token) for body in bodies]
result.append(call("POST", "/v1/reset", {"name": "parlor"}))
result.append(call("POST", "/v1/reset", {"name": "parlor", "password": password}, token))
"""


def by_call(box: Box) -> None:
    bodies = [{"name": "parlor", "password": "wrong"}, {"name": "other", "password": PASSWORD}, {"name": "parlor"}]
    *refused, done = as_portal(box, CALL, password=PASSWORD, bodies=bodies)
    assert [each["error"] for each in refused] == ["denied", "invalid", "invalid", "logged-out"]
    assert done == {}


def by_file(box: Box) -> None:
    box.run(["touch", "/boot/factory-reset.txt"])
    box.run(["systemctl", "reboot", "--no-block"])


def test_a_reset_that_a_power_cut_interrupts_goes_on(box: Box) -> None:
    """Cut while it erases: thousands of files take it a while."""
    old = keys(box)
    box.run(["sh", "-c", "cd /data/uploads && seq 40000 | xargs touch && touch /data/.factory-reset"])
    box.stop()
    box.start()
    while len(list((box.data / "uploads").glob("*"))) in (0, 40001):  # it has not begun
        assert (box.data / ".factory-reset").exists()
    box.kill()
    assert (box.data / ".factory-reset").exists()
    box.start()
    box.wait_until_up()
    assert not claimed(box)
    assert not keys(box) & old
    assert not (box.data / ".factory-reset").exists()
    assert not list((box.data / "uploads").glob("*"))


def test_a_file_that_cannot_be_removed_erases_nothing_and_says_so(house: House, tmp_path: Path) -> None:
    with Box("stuck", house.tree, house.network, data=tmp_path / "data", boot=tmp_path / "boot") as stuck:
        set_up_stuck = provisioning("stuck.example", "ann", PASSWORD)
        stuck.wait_until_up()
        stuck.run(["sh", "-c", "cat > /run/setup.toml"], stdin=set_up_stuck)
        stuck.run(["parlor", "setup", "/run/setup.toml"])
        # a mount point cannot be removed, as no file can on a card whose switch is at “lock”
        stuck.run(["sh", "-c", "touch /boot/factory-reset && mount --bind /boot/factory-reset /boot/factory-reset"])
        stuck.run(["systemctl", "start", "parlor-erase"], check=False)
        assert claimed(stuck)
        notices = json.loads(stuck.run(["parlor", "status", "--json"], check=False).stdout)["notices"]
        assert len(notices) == 1
        assert "nothing was erased" in notices[0]["message"]
        stuck.run(["parlor", "dismiss"])
        assert "nothing was erased" not in stuck.run(["parlor", "status"], check=False).stdout
