"""Updates of a box: what it says without slots, how it gets on with RAUC, and that it can prove itself."""

import json
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.settings import OWN_ACCOUNT
from image import keys
from image.process import Finished
from tests.box.chromium import Driver, browser, complaints, press, script, wait
from tests.box.core_side import as_core
from tests.box.house import ClaimedBox
from tests.box.portal_user import as_portal
from tests.box.update_side import Slots, publish, slots, web
from tests.box.wizard import log_in

NEW = "99.0.0"


@pytest.fixture
def rauc(box: ClaimedBox) -> Iterator[Slots]:
    """RAUC, with the box in slot A."""
    with slots(box, version=NEW, step_s=0.1) as faked:
        yield faked


@pytest.fixture
def server(box: ClaimedBox, tmp_path: Path) -> Iterator[Path]:
    """The folder of an update server that the box asks; it offers a new version."""
    publish(tmp_path, NEW, 7)
    with web(tmp_path, box.house.network.address) as address:
        box.parlor("settings", "set", "updates.automatic", "false")
        box.parlor("settings", "set", "updates.server", address)
        try:
            yield tmp_path
        finally:
            box.parlor("settings", "set", "updates.server", "")
            box.parlor("settings", "set", "updates.automatic", "true")


def update(box: ClaimedBox) -> dict[str, Any]:
    """What the box says of its updates."""
    document: dict[str, Any] = json.loads(box.parlor("update", "--json").stdout)
    return document


def failed(finished: Finished) -> str:
    """The last line on stderr, which is for a person, below what was shown of the progress."""
    assert finished.returncode == 1, finished
    *progress, last = finished.stderr.splitlines()
    assert last.startswith("parlor: ")
    assert all(re.fullmatch(r"\d+ %", line) for line in progress)
    return last


def version(box: ClaimedBox) -> str:
    return str(box.status()["version"])


@pytest.fixture(scope="module", autouse=True)
def quiet(box: ClaimedBox) -> None:
    """Nobody is in a call: browsers of earlier tests were killed, and a relay outlives its browser by ten minutes."""
    box.box.run(["systemctl", "restart", "ejabberd.service"])
    box.wait_until_well()
    deadline = time.monotonic() + 90
    while update(box)["in_call"]:
        assert time.monotonic() < deadline, box.box.run(["ss", "-uanp"]).stdout
        time.sleep(1)


def test_a_box_without_slots_says_so(box: ClaimedBox) -> None:
    said = update(box)
    assert (said["state"], said["version"], said["slot"], said["in_call"]) == ("unable", version(box), "", False)
    assert "cannot update itself" in box.parlor("update").stdout
    for arguments in (("--check",), ("--install", "/data/x.raucb"), ("--restart",), ("--cancel",)):
        assert failed(box.parlor("update", *arguments, check=False))
    assert update(box)["state"] == "unable"


def test_a_new_version_is_found_fetched_and_waits(box: ClaimedBox, server: Path, rauc: Slots) -> None:
    assert f"New: version {NEW}, 290 MB\n  Calls start sooner." in box.parlor("update", "--check").stdout
    assert update(box)["available"]["version"] == NEW
    finished = box.parlor("update", "--install")
    assert re.search(r"^[1-9]0 %$", finished.stderr, re.MULTILINE)
    assert f"Version {NEW} is written and waits for a restart" in finished.stdout
    assert ["InstallBundle", f"{update(box)['server']}/bundles/new.raucb"] in rauc.calls
    assert (box.box.data / "ota" / "trial").read_text() == "B"
    assert f"Version {NEW} was called off" in box.parlor("update", "--cancel").stdout
    assert ["Mark", "active", "booted"] in rauc.calls


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ("Verify error: certificate has expired", "signature has ended"),
        ("Verify error: certificate revoked", "was withdrawn"),
        ("Failed to write: No space left on device", "no room"),
        ("bundle payload is corrupted", "damaged"),
    ],
)
def test_a_refused_update_is_told_in_words(
    box: ClaimedBox, server: Path, rauc: Slots, refusal: str, words: str
) -> None:
    rauc.be(version=NEW, refusal=refusal)
    box.parlor("update", "--check")
    assert words in failed(box.parlor("update", "--install", check=False))
    said = update(box)
    assert words in said["last"]["reason"]["message"]
    assert said["state"] == "idle"
    assert refusal in box.box.journal("--unit=parlor-core.service")
    for notice in box.status()["notices"]:
        box.parlor("dismiss")
        assert NEW in notice["message"]


def test_lists_nobody_should_believe_change_nothing(
    box: ClaimedBox, server: Path, rauc: Slots, tmp_path_factory: pytest.TempPathFactory
) -> None:
    box.parlor("update", "--check")
    stranger = keys.create(tmp_path_factory.mktemp("keys") / "stranger", "", "")
    lies: tuple[tuple[str, dict[str, Any]], ...] = (
        ("older list", {"serial": 6}),
        ("another kind of box", {"board": "rpi"}),
        ("channel", {"channel": "beta"}),
        ("ended on", {"expires": "2025-01-01T00:00:00Z"}),
        ("does not trust", {"signer": stranger}),
    )
    for words, more in lies:
        publish(server, "100.0.0", more.pop("serial", 8), **more)
        assert words in failed(box.parlor("update", "--check", check=False))
        assert update(box)["available"]["version"] == NEW
    for words, content in (
        ("not signed", b"\x89PNG\r\n" + bytes(2000)),
        ("no list of updates", bytes(2_000_000)),
    ):
        (server / "stable" / "x86.cms").write_bytes(content)
        assert words in failed(box.parlor("update", "--check", check=False))
    (server / "stable" / "x86.cms").unlink()
    assert "no list for this kind of box" in failed(box.parlor("update", "--check", check=False))
    assert update(box)["available"]["version"] == NEW
    publish(server, "100.0.0", 8)
    box.parlor("update", "--check")
    assert update(box)["available"]["version"] == "100.0.0"


def test_a_server_that_is_away_is_told_in_words(box: ClaimedBox, rauc: Slots) -> None:
    assert "No update server is set" in failed(box.parlor("update", "--check", check=False))
    box.parlor("settings", "set", "updates.server", f"http://{box.house.network.address}:9")
    try:
        assert "cannot be reached" in failed(box.parlor("update", "--check", check=False))
    finally:
        box.parlor("settings", "set", "updates.server", "")


def test_a_photo_is_no_update(box: ClaimedBox, rauc: Slots) -> None:
    box.box.run(["sh", "-c", "head -c 100000 /dev/urandom > /data/photo.raucb; cp /data/photo.raucb /tmp/"])
    for path in ("/data/photo.raucb", "/tmp/photo.raucb"):
        assert "not an update" in failed(box.parlor("update", "--install", path, check=False))
    assert "no such file" in failed(box.parlor("update", "--install", "/data/none.raucb", check=False))
    assert not (box.box.data / "ota" / "brought.raucb").exists()
    assert not [call for call in rauc.calls if call[0] == "InstallBundle"]


_CALL = "import socket,time\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', 20010)); time.sleep(60)"


def test_nobody_is_cut_off_in_a_call(box: ClaimedBox, server: Path, rauc: Slots) -> None:
    box.parlor("update", "--check")
    box.parlor("update", "--install")
    box.box.run(["systemd-run", "--quiet", "--unit=a-call", "python3", "-c", _CALL])
    try:
        deadline = time.monotonic() + 10
        while not update(box)["in_call"]:
            assert time.monotonic() < deadline
        assert "in a call" in failed(box.parlor("update", "--restart", check=False))
    finally:
        box.box.run(["systemctl", "stop", "a-call"])
    assert not update(box)["in_call"]


def test_only_root_speaks_to_rauc(box: ClaimedBox, rauc: Slots) -> None:
    ask = ["busctl", "--system", "call", "de.pengutronix.rauc", "/", "de.pengutronix.rauc.Installer", "GetPrimary"]
    assert "rootfs.0" in box.box.run(ask).stdout
    for user in ("www-data", "parlor-portal", "ejabberd", "janus", "daemon"):
        refused = box.box.run(ask, user=user, check=False)
        assert refused.returncode != 0
        assert "denied" in refused.stderr.lower()


def test_only_admins_update(box: ClaimedBox, rauc: Slots) -> None:
    name, password = box.new_person()
    answers = as_portal(
        box.box,
        "\n".join(
            (
                'member = call("POST", "/v1/sessions", {"name": who, "password": secret})["token"]',
                'admin = call("POST", "/v1/sessions", {"name": "ann", "password": ann})["token"]',
                'posts = ["check", "install", "restart", "cancel", "proof"]',
                'result = [call("POST", f"/v1/update/{post}", {}, member)["error"] for post in posts]',
                'result += [call("GET", "/v1/update", token=member)["error"], call("GET", "/v1/update")["error"]]',
                'result += [call("POST", "/v1/update/install", {"source": "/data/x"}, admin)["error"]]',
                'result += [call("POST", "/v1/update/proof", {}, admin)["error"]]',
            )
        ),
        who=name,
        secret=password,
        ann=box.password,
    )
    assert answers == ["denied"] * 6 + ["logged-out"] + ["denied"] * 2


@pytest.fixture
def driver(box: ClaimedBox) -> Iterator[Driver]:
    """The admin's browser, logged in."""
    with browser({box.domain: box.address}) as opened:
        log_in(opened, box.domain, box.admin, box.password)
        yield opened
        assert complaints(opened) == []


def shown(driver: Driver) -> str:
    """What the page says, also while another takes its place."""
    return str(script(driver, "return document.body ? document.body.innerText : ''"))


def test_an_admin_updates_from_the_page(box: ClaimedBox, server: Path, rauc: Slots, driver: Driver) -> None:
    driver.get(f"https://{box.domain}/updates")
    wait(driver, lambda: f"Version {version(box)} runs" in shown(driver))
    press(driver, 'form[action="/updates/check"] button')
    wait(driver, lambda: "Calls start sooner." in shown(driver), 30)
    press(driver, 'form[action="/updates/install"] button')
    wait(driver, lambda: "percent" in shown(driver))
    driver.get(f"https://{box.domain}/people")
    driver.get(f"https://{box.domain}/updates")
    wait(driver, lambda: f"Version {NEW} is ready" in shown(driver), 30)
    assert "between 3:00 and 5:00" in shown(driver)
    press(driver, 'form[action="/updates/cancel"] button')
    wait(driver, lambda: "is not started" in shown(driver))


_PROVE = """
import json, time
from appliance.client import Client
job = Client().call("POST", "/v1/update/proof")
while job["state"] == "running":
    time.sleep(0.1)
    job = Client().call("GET", "/v1/jobs/" + job["id"])
print(json.dumps(job))
"""


def prove(box: ClaimedBox) -> str:
    """Have the box prove itself; returns what did not work."""
    job = json.loads(box.box.run(["python3", "-I", "-c", _PROVE], timeout_s=200).stdout)
    return "" if job["state"] == "done" else str(job["error"]["message"])


def traces(box: ClaimedBox) -> list[str]:
    """What is left of a proof's account."""
    found = [name for name in as_core(box, "own_accounts") if name.startswith(OWN_ACCOUNT)]
    return found + [path.name for path in (box.box.data / "uploads").rglob("proof.bin")]


def test_a_box_that_works_proves_it_and_leaves_no_trace(box: ClaimedBox) -> None:
    people = box.parlor("user", "list").stdout
    assert prove(box) == ""
    assert traces(box) == []
    assert box.parlor("user", "list").stdout == people
    assert box.box.run(["ls", "/run/parlor/proof"]).stdout == ""


@pytest.mark.parametrize(
    ("wreck", "mend", "words"),
    [
        ("chmod 0 /data/uploads", "chmod 0750 /data/uploads", "A file cannot be sent"),
        (
            "nft insert rule inet parlor input udp dport 20000-20999 drop",
            "systemctl reload parlor-firewall",
            "A call has no sound",
        ),
    ],
    ids=["upload", "call"],
)
def test_what_does_not_work_is_named(box: ClaimedBox, wreck: str, mend: str, words: str) -> None:
    box.box.run(["sh", "-c", wreck])
    try:
        assert words in prove(box)
    finally:
        box.box.run(["sh", "-c", mend])
    assert traces(box) == []
    box.wait_until_well(30)


def test_the_account_of_a_proof_that_was_cut_off_is_gone_after_the_next_start(box: ClaimedBox) -> None:
    name = f"{OWN_ACCOUNT}{secrets.token_hex(8)}"
    as_core(box, "register", name, secrets.token_urlsafe(12))
    assert name not in box.parlor("user", "list").stdout
    assert traces(box) == [name]
    box.box.run(["systemctl", "restart", "parlor-core.service"])
    deadline = time.monotonic() + 60
    while traces(box):
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_a_new_version_that_works_is_kept(box: ClaimedBox, rauc: Slots) -> None:
    rauc.be(booted="B", primary="B")
    attempt = {
        "version": NEW,
        "old_version": "0.0.1",
        "slot": "B",
        "started": 1,
        "boot": "before",
        "outcome": "installed",
    }
    (box.box.data / "ota").mkdir(exist_ok=True)
    (box.box.data / "ota" / "state.json").write_text(json.dumps({"attempt": attempt, "not_again": []}))
    assert update(box)["state"] == "proving"
    drop_in = "/run/systemd/system/parlor-confirm.service.d"
    text = "[Unit]\nConditionVirtualization=\n[Service]\nType=oneshot\n"  # to wait for its end, in its own sandbox
    box.box.run(["sh", "-c", f"mkdir -p {drop_in}; cat > {drop_in}/here.conf; systemctl daemon-reload"], stdin=text)
    try:
        box.box.run(["systemctl", "start", "parlor-confirm.service"], timeout_s=200)
    finally:
        box.box.run(["sh", "-c", f"rm -r {drop_in}; systemctl daemon-reload"])
    assert rauc.calls[-1] == ["Mark", "good", "booted"]
    assert update(box)["last"]["outcome"] == "good"
