"""What goes wrong in real houses: broken files, full disks, services that do not start. Nothing half, nothing lost."""

import asyncio
import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import prepare
from image.box import Box
from image.process import run
from tests.box.house import ClaimedBox, House, claimed_box, provisioning
from tests.box.phone import phone
from tests.box.portal_user import as_portal
from tests.box.test_claim import SETUP, code_of

pytestmark = pytest.mark.timeout(300)

OWN = SETUP | {"domain": {"kind": "own", "name": "again.example"}}  # another box here has the house's name


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("[admin\nname = 'ann'\n", "line 1"),
        (provisioning("not a domain", "ann", "correct horse"), "domain.name"),
        (provisioning("a.example", "Ann", "correct horse"), "admin.name"),
        (provisioning("a.example", "ann", "correct horse", ["bob", "bob"]), "people.1"),
        ("\x00\x01\x02", "TOML"),
    ],
    ids=["syntax", "domain", "name", "twice", "binary"],
)
def test_a_broken_provisioning_file_changes_nothing_and_says_what_to_mend(
    house: House, tmp_path: Path, file: str, words: str
) -> None:
    provision = tmp_path / "parlor.toml"
    provision.write_text(file)
    with Box("broken", house.tree, house.network, data=tmp_path / "data", provision=provision) as box:
        box.wait_until_up()
        status = json.loads(box.run(["parlor", "status", "--json"]).stdout)
        assert words in status["provisioning_error"]
        assert "correct horse" not in status["provisioning_error"]
        assert not status["claimed"]
        assert box.run(["parlor", "claim-code"]).stdout.strip()


@pytest.fixture(scope="module")
def mended(house: House) -> Iterator[ClaimedBox]:
    """A box of its own for tests that break things."""
    with claimed_box(house, "mended.example") as owned:
        yield owned


def restarted(owned: ClaimedBox) -> None:
    """Switch the box off and on."""
    owned.box.stop()
    owned.box.start()
    owned.wait_until_well()


def test_a_corrupt_settings_document_loses_nothing(mended: ClaimedBox) -> None:
    mended.parlor("settings", "set", "files.max_mb", "77")
    document = mended.box.data / "core" / "settings-v1.json"
    mended.box.stop()
    document.write_bytes(document.read_bytes()[: document.stat().st_size // 2])
    mended.box.start()
    status = mended.wait_until_well()
    assert status["claimed"]
    assert "files.max_mb = 77" in mended.parlor("settings", "show").stdout
    assert (mended.box.data / "core" / "settings-v1.corrupt").exists()
    asyncio.run(logs_in(mended))


async def logs_in(owned: ClaimedBox) -> None:
    """The admin's account still works."""
    jid = f"{owned.admin}@{owned.domain}"
    async with phone(jid, owned.password, owned.address, owned.house.authority.path):
        pass


def test_a_change_that_a_service_refuses_is_taken_back(mended: ClaimedBox) -> None:
    with obstructed(mended.box, "nginx.service"):
        refused = mended.parlor("settings", "set", "files.max_mb", "99", check=False)
        assert refused.returncode == 1
        assert "nothing was changed" in refused.stderr
    mended.parlor("apply")
    mended.wait_until_well()
    assert "files.max_mb = 99" not in mended.parlor("settings", "show").stdout
    rendered = mended.box.run(["cat", "/run/parlor/nginx/nginx.conf"]).stdout
    assert "101m" not in rendered


@contextlib.contextmanager
def obstructed(box: Box, unit: str) -> Iterator[None]:
    """A unit whose start and reload fail."""
    folder = f"/run/systemd/system/{unit}.d"
    broken = "[Service]\nExecReload=\nExecReload=/bin/false\nExecStartPre=/bin/false\n"
    box.run(["mkdir", "-p", folder])
    box.run(["tee", f"{folder}/broken.conf"], stdin=broken)
    box.run(["systemctl", "daemon-reload"])
    try:
        yield
    finally:
        box.run(["rm", "-r", folder])
        box.run(["systemctl", "daemon-reload"])


def test_a_setup_whose_chat_server_does_not_start_leaves_the_box_unclaimed(unclaimed_box: Box) -> None:
    begin = """
token = token or call("POST", "/v1/claim", {"code": code})["token"]
job = call("POST", "/v1/setup", setup, token=token)
while job["state"] == "running":
    job = call("GET", f"/v1/jobs/{job['id']}?wait=20", token=token)
result = {"job": job, "token": token, "box": call("GET", "/v1/box")}
"""
    with obstructed(unclaimed_box, "ejabberd.service"):
        failed = as_portal(unclaimed_box, begin, code=code_of(unclaimed_box), setup=OWN, token="")
    assert failed["job"]["state"] == "failed"
    assert not failed["box"]["claimed"]
    assert unclaimed_box.run(["test", "-e", "/run/parlor/ejabberd/ejabberd.yml"], check=False).returncode == 1
    again = as_portal(unclaimed_box, begin, code="", setup=OWN, token=failed["token"])
    assert again["job"]["state"] == "done", again["job"]
    assert again["box"]["claimed"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of 256 MB."""
    image, folder = tmp_path / "disk", tmp_path / "small"
    folder.mkdir()
    run(["truncate", "--size=256M", image])
    run(["mkfs.ext4", "-q", "-m", "0", image])
    run(["mount", "-o", "loop", image, folder])
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(path: Path) -> None:
    """Write until not one block is left."""
    for size in (1 << 20, 65536, 4096, 512):
        with contextlib.suppress(OSError), path.open("ab", buffering=0) as file:
            while True:
                file.write(bytes(size))
                os.fsync(file.fileno())


def test_a_full_disk_is_said_and_nothing_is_lost(house: House, small_disk: Path, tmp_path: Path) -> None:
    provision = tmp_path / "parlor.toml"
    provision.write_text(provisioning("full.example", "ann", "correct horse"))
    with Box("full", house.tree, house.network, data=small_disk, provision=provision) as box:
        owned = ClaimedBox(box, "full.example", "ann", "correct horse", house)
        owned.wait_until_well()
        filler = small_disk / "filler"
        fill(filler)
        refused = owned.parlor("settings", "set", "files.max_mb", "5", check=False)
        assert refused.returncode == 1
        assert "disk is full" in refused.stderr
        assert "files.max_mb = 100" in owned.parlor("settings", "show").stdout
        page = run(["curl", "--silent", "--insecure", f"https://{box.address}/login"])
        assert 'name="password"' in page.stdout
        box.kill()  # power cut while the disk is full
        box.start()
        owned.wait_until_well()
        assert "files.max_mb = 100" in owned.parlor("settings", "show").stdout
        fill(filler)
        box.reboot()  # SQLite gives back what its files needed, and has to find that again
        owned.wait_until_well()
        assert prepare.FULL in [notice["template"] for notice in owned.status()["notices"]]
        filler.unlink()
        owned.parlor("settings", "set", "files.max_mb", "5")
        assert "files.max_mb = 5" in owned.parlor("settings", "show").stdout
