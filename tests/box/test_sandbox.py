"""Every daemon stays in its place: its unit's sandbox, its own files, and no way into the house's network."""

import itertools
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.services.janus import MEDIA_PORTS
from appliance.xmpp.listeners import RELAY_FIRST, RELAY_LAST
from image.box import Box
from tests.box.house import ClaimedBox

PRESET = Path(__file__).parents[2] / "rootfs/usr/lib/systemd/system-preset/10-parlor.preset"
OURS = re.findall(r"^enable (\S+\.service)$", PRESET.read_text(), re.MULTILINE)
ON_DEMAND = tuple(
    f"parlor-{name}.service" for name in ("alias", "proof", "update-fetch", "deadline", "keep", "restore", "recorder")
)
# systemd-networkd speaks to the kernel and sends raw packets before there is an address.
EXPOSURE = {"systemd-networkd.service": 2.1}
DAEMONS = ("ejabberd", "janus", "www-data", "parlor-portal", "parlor-rooms", "avahi", "_chrony")
# What each daemon's user may read of what the box keeps and renders.
OWN_FILES = {
    "ejabberd": ("/data/ejabberd/", "/data/uploads/", "/run/parlor/ejabberd/"),
    "janus": ("/run/parlor/janus/",),
    "www-data": ("/run/parlor/nginx/",),
    "parlor-portal": ("/run/parlor/portal/",),
    "parlor-rooms": ("/data/rooms/", "/data/recordings/", "/run/parlor/rooms/"),
    "avahi": ("/run/parlor/avahi/",),
    "_chrony": ("/data/chrony/", "/run/parlor/chrony/"),
    "daemon": (),
}


def test_nothing_failed_and_nothing_waits_for_itself(box: ClaimedBox) -> None:
    assert box.box.run(["systemctl", "--failed", "--plain", "--no-legend"]).stdout == ""
    journal = box.box.journal()
    assert "ordering cycle" not in journal
    assert "Failed to start" not in journal


@pytest.mark.parametrize("unit", [*OURS, *ON_DEMAND])
def test_a_units_exposure_is_at_most_2(box: ClaimedBox, unit: str) -> None:
    report = box.box.run(["systemd-analyze", "security", "--no-pager", unit]).stdout
    overall = re.search(r"Overall exposure level for \S+: ([0-9.]+)", report)
    assert overall
    assert float(overall[1]) <= EXPOSURE.get(unit, 2.0), report


def processes(box: Box) -> dict[str, set[str]]:
    """The users as whom each unit's processes run."""
    found: dict[str, set[str]] = {}
    for line in box.run(["ps", "-eo", "unit,user:32", "--no-headers"]).stdout.splitlines():
        unit, user = line.split()
        found.setdefault(unit, set()).add(user)
    return found


def test_only_the_core_runs_as_root(box: ClaimedBox) -> None:
    running = processes(box.box)
    assert running["parlor-core.service"] == {"root"}
    for unit, user in {
        "nginx.service": "www-data",
        "janus.service": "janus",
        "ejabberd.service": "ejabberd",
        "avahi-daemon.service": "avahi",
        "parlor-portal.service": "parlor-portal",
        "parlor-rooms.service": "parlor-rooms",
    }.items():
        assert running[unit] == {user}, unit
    ours = {unit for unit, users in running.items() if unit in OURS and "root" in users}
    assert ours == {"parlor-core.service"}


_READABLE = """
import json, os, sys
readable = []
for top in ("/data", "/run/parlor", "/boot", "/run/parlor-host"):
    for folder, _, names in os.walk(top):
        readable += [os.path.join(folder, name) for name in names if os.access(os.path.join(folder, name), os.R_OK)]
print(json.dumps(readable))
"""
# The name server of the house; a socket that asks who calls; what the tests themselves left for the import.
NOT_SECRET = ("/run/parlor-host/", "/run/parlor/core.sock", "/data/chain.pem", "/data/key.pem")


@pytest.mark.parametrize("user", [*DAEMONS, "daemon"])
def test_a_daemons_user_reads_its_own_files_only(box: ClaimedBox, user: str) -> None:
    everything = json.loads(box.box.run(["python3", "-c", _READABLE]).stdout)
    assert len(everything) > 15
    readable = json.loads(box.box.run(["python3", "-c", _READABLE], user=user).stdout)
    assert [path for path in readable if not path.startswith((*OWN_FILES[user], *NOT_SECRET))] == []
    if user in ("ejabberd", "janus", "www-data", "parlor-portal", "parlor-rooms", "avahi"):
        assert readable, "the test itself sees nothing"


_WRITABLE = """
import os
for folder, _, _ in os.walk("/"):
    if folder.startswith(("/proc", "/sys", "/dev")):
        continue
    if os.access(folder, os.W_OK) and not os.path.islink(folder):
        print(folder)
"""


@pytest.mark.parametrize("user", DAEMONS)
def test_a_daemons_user_writes_in_its_own_folders_only(box: ClaimedBox, user: str) -> None:
    allowed = {
        "ejabberd": r"/data/(ejabberd|uploads)(/.*)?|/run/(parlor-)?ejabberd(-api)?(/.*)?|/var/(lib|log)/ejabberd",
        "janus": r"/run/parlor-janus|/data/recordings/work",
        "www-data": r"/run/parlor-nginx(/.*)?",
        "parlor-rooms": r"/run/parlor-rooms|/data/rooms|/data/recordings(/.*)?",
        "avahi": r"/run/avahi-daemon",
        "_chrony": r"/data/chrony|/run/chrony",
    }.get(user, "")
    shared = r"/tmp|/var/tmp|/run/lock|/tmp/\..*"  # a unit has its own of these
    found = box.box.run(["python3", "-c", _WRITABLE], user=user).stdout.split("\n")
    assert [folder for folder in found if folder and not re.fullmatch(f"{allowed}|{shared}", folder)] == []


@contextmanager
def listener(kind: socket.SocketKind, address: str) -> Iterator[tuple[socket.socket, int]]:
    """A socket of the house that waits for whoever comes."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, kind) as waiting:
        waiting.bind((address, 0))
        if kind is socket.SOCK_STREAM:
            waiting.listen()
        waiting.settimeout(0.5)
        yield waiting, waiting.getsockname()[1]


_CALL = """
import socket, sys
kind, address, port, source = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
with socket.socket(family, getattr(socket, kind)) as caller:
    caller.settimeout(1)
    caller.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if source:
        caller.bind(("::" if family == socket.AF_INET6 else "", source))
    caller.connect((address, port))
    if kind == "SOCK_DGRAM":
        caller.send(b"hello")
"""


def reaches(box: ClaimedBox, user: str, kind: socket.SocketKind, address: str, source: int = 0) -> bool:
    """Whether a program of `user` in the box gets through to a host of the house."""
    with listener(kind, address.removeprefix("::ffff:")) as (waiting, port):
        box.box.run(["python3", "-c", _CALL, kind.name, address, str(port), str(source)], user=user, check=False)
        try:
            waiting.accept()[0].close() if kind is socket.SOCK_STREAM else waiting.recv(10)
        except TimeoutError:
            return False
        return True


KINDS = (socket.SOCK_STREAM, socket.SOCK_DGRAM)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
@pytest.mark.parametrize("user", ["janus", "www-data", "parlor-portal", "parlor-rooms", "avahi"])
def test_a_daemons_user_calls_nobody_in_the_house(
    box: ClaimedBox, user: str, family: str, kind: socket.SocketKind
) -> None:
    network = box.house.network
    address = network.address if family == "IPv4" else network.address6
    assert not reaches(box, user, kind, address)
    assert reaches(box, "root", kind, address), "the test itself sees nothing"


@pytest.mark.parametrize("family", ["IPv4", "IPv6"])
def test_media_flows_to_the_house_from_januss_own_ports(box: ClaimedBox, family: str) -> None:
    address = box.house.network.address if family == "IPv4" else box.house.network.address6
    for source in MEDIA_PORTS:
        assert reaches(box, "janus", socket.SOCK_DGRAM, address, source)
    assert not reaches(box, "janus", socket.SOCK_DGRAM, address, MEDIA_PORTS[1] + 1)
    assert not reaches(box, "janus", socket.SOCK_STREAM, address, MEDIA_PORTS[0])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["IPv4", "IPv6", "mapped"])
def test_the_relay_cannot_send_into_the_house_whatever_ejabberd_believes(
    box: ClaimedBox, form: str, kind: socket.SocketKind
) -> None:
    network = box.house.network
    address = {"IPv4": network.address, "IPv6": network.address6, "mapped": f"::ffff:{network.address}"}[form]
    for source in (RELAY_FIRST, RELAY_LAST):
        assert not reaches(box, "ejabberd", kind, address, source)
    for source in (RELAY_FIRST - 1, RELAY_LAST + 1):
        assert reaches(box, "ejabberd", kind, address, source)


@pytest.mark.parametrize("unit", ["parlor-portal.service", "parlor-rooms.service"])
def test_pages_and_rooms_have_no_network_at_all(box: ClaimedBox, unit: str) -> None:
    pid = box.box.run(["systemctl", "show", "--value", "--property=MainPID", unit]).stdout.strip()
    links = box.box.run(["nsenter", f"--net=/proc/{pid}/ns/net", "ip", "-o", "link"]).stdout
    assert [line.split(": ")[1] for line in links.splitlines()] == ["lo"]


@pytest.mark.parametrize("unit", ["nginx", "janus", "avahi-daemon", "parlor-portal", "parlor-rooms"])
def test_a_killed_daemon_is_back_at_once(box: ClaimedBox, unit: str) -> None:
    for _ in range(3):
        box.box.run(["systemctl", "kill", "--signal=KILL", f"{unit}.service"])
        box.wait_until_well(15)


def test_the_services_outlive_the_core(box: ClaimedBox) -> None:
    others = [unit for unit in OURS if unit not in ("parlor-core.service", "chrony.service", "parlor-console.service")]
    show = ["systemctl", "show", "--value", "--property=InvocationID", *others]
    before = box.box.run(show).stdout
    box.box.run(["systemctl", "kill", "--signal=KILL", "parlor-core.service"])
    box.wait_until_well(15)
    box.box.run(["systemctl", "restart", "parlor-core.service"])
    box.wait_until_well(15)
    assert box.box.run(show).stdout == before


def test_without_a_ruleset_nothing_serves(unclaimed_box: Box) -> None:
    unclaimed_box.run(["rm", "/run/parlor/firewall/rules.nft"])
    unclaimed_box.run(["systemctl", "restart", "parlor-firewall.service"], check=False)
    deadline = time.monotonic() + 10
    for unit in itertools.chain(("nginx", "avahi-daemon")):
        while unclaimed_box.run(["systemctl", "is-active", unit], check=False).stdout.strip() == "active":
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_the_screen_shows_the_code_of_a_fresh_box(unclaimed_box: Box) -> None:
    code = unclaimed_box.run(["parlor", "claim-code"]).stdout.strip()
    shown = unclaimed_box.run(["timeout", "2", "python3", "-I", "-m", "appliance.console"], check=False).stdout
    assert code in shown
    assert f"https://{unclaimed_box.address}" in shown
    masked = unclaimed_box.run(["systemctl", "is-enabled", "getty.target"], check=False).stdout.strip()
    assert masked == "masked"


_RENDER_CLOCK = """
from appliance.model import Certificate, Host
from appliance.services import chrony
from appliance.settings import Settings
print(chrony.render(Settings(), Host("", "", Certificate(b"", b"")))[0].content.decode())
"""


def test_the_clock_of_a_real_machine_takes_its_configuration(box: ClaimedBox) -> None:
    configuration = box.box.run(["python3", "-I", "-c", _RENDER_CLOCK]).stdout
    box.box.run(["sh", "-c", "cat > /run/chrony.conf"], stdin=configuration)
    printed = box.box.run(["chronyd", "-p", "-f", "/run/chrony.conf"]).stdout
    assert "makestep 1 3" in printed
    box.box.run(["rm", "/run/chrony.conf"])
