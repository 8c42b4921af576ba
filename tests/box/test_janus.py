"""Janus in the box: it answers, holds nothing of Debian's samples, and only root finds its door."""

import json
from typing import Any

import pytest

from appliance.services.janus import API_SOCKET, PLUGINS
from image.box import Box
from tests.box.house import ClaimedBox

_TALK = """
import json, socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
    connection.settimeout(5)
    connection.connect(sys.argv[1])
    answers = []
    def ask(**request):
        connection.send(json.dumps({"transaction": "t", **request}).encode())
        while True:
            answer = json.loads(connection.recv(1 << 20))
            if answer["janus"] != "ack":
                return answer
    def attach(plugin):
        session = ask(janus="create")["data"]["id"]
        handle = ask(janus="attach", plugin=plugin, session_id=session)["data"]["id"]
        return {"session_id": session, "handle_id": handle}
    exec(sys.stdin.read())
    print(json.dumps(result))
"""


def talk(box: Box, body: str, user: str = "") -> Any:
    """Run `body`, which sets `result`, with Janus at hand as `ask` and `attach`."""
    return json.loads(box.run(["python3", "-c", _TALK, API_SOCKET], stdin=body, user=user).stdout)


def test_it_runs_the_version_and_the_plugins_we_chose(box: ClaimedBox) -> None:
    info = talk(box.box, 'result = ask(janus="info")')
    assert info["version_string"] >= "1.4.1"
    assert set(info["plugins"]) == {f"janus.plugin.{name}" for name in PLUGINS}
    assert set(info["transports"]) == {"janus.transport.pfunix"}
    assert (info["ice-lite"], info["full-trickle"]) == (False, True)
    assert "dependencies" not in info


@pytest.mark.parametrize("plugin", ["videoroom", "audiobridge"])
def test_there_is_no_sample_room(box: ClaimedBox, plugin: str) -> None:
    rooms = talk(
        box.box,
        f'where = attach("janus.plugin.{plugin}")\n'
        'result = ask(janus="message", body={"request": "list"}, **where)["plugindata"]["data"]',
    )
    assert rooms["list"] == []
    joined = talk(
        box.box,
        f'where = attach("janus.plugin.{plugin}")\n'
        'result = ask(janus="message", body={"request": "destroy", "room": 1234, "secret": "adminpwd"}, **where)',
    )
    assert "No such room" in joined["plugindata"]["data"]["error"]


def test_nobody_administers_it(box: ClaimedBox) -> None:
    for request in ("list_sessions", "get_settings", "set_log_level"):
        answer = talk(box.box, f'result = ask(janus="{request}", admin_secret="janusoverlord", level=7)')
        assert answer["janus"] == "error"
    sockets = box.box.run(["ss", "-xlH"]).stdout
    assert [line.split()[4] for line in sockets.splitlines() if "janus" in line] == [str(API_SOCKET)]


@pytest.mark.parametrize("user", ["www-data", "parlor-portal", "ejabberd", "avahi", "daemon"])
def test_no_other_user_finds_its_door(box: ClaimedBox, user: str) -> None:
    finished = box.box.run(["python3", "-c", _TALK, API_SOCKET], stdin="", user=user, check=False)
    assert "PermissionError" in finished.stderr


def test_killed_it_comes_back(box: ClaimedBox) -> None:
    box.box.run(["systemctl", "kill", "--signal=KILL", "janus.service"])
    box.wait_until_well(15)
    assert talk(box.box, 'result = ask(janus="info")')["janus"] == "server_info"
