"""`parlor meeting`, `parlor application`, `parlor recording`: rooms that people and programs made, and their films."""

import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from appliance.client import Client

Command = Callable[[Client, argparse.Namespace], int]
Add = Callable[..., argparse.ArgumentParser]


def add_arguments(commands: Any, command: Add) -> None:
    """The actions of these commands."""
    meeting = commands.add_parser("meeting", help="Look after meetings.").add_subparsers(
        required=True, metavar="ACTION"
    )
    command("list", meetings, "List every meeting.", meeting).add_argument("--json", action="store_true")
    make = command("make", make_meeting, "Make a meeting; prints its link.", meeting)
    make.add_argument("title", metavar="TITLE")
    make.add_argument("--waiting", action="store_true", help="everybody but hosts waits at the door")
    make.add_argument("--encrypted", action="store_true", help="end-to-end encrypted")
    make.add_argument("--json", action="store_true")
    for name, run, text in (
        ("show", show_meeting, "Show a meeting and who is in it."),
        ("end", end_meeting, "Send everybody in a meeting home."),
        ("delete", delete_meeting, "Delete a meeting."),
    ):
        command(name, run, text, meeting).add_argument("name", metavar="NAME")
    token = command("token", make_token, "Make a link with which somebody enters as what you say.", meeting)
    token.add_argument("name", metavar="NAME")
    token.add_argument("who", metavar="WHO")
    token.add_argument("--role", choices=("host", "member", "guest", "viewer"), default="member")
    token.add_argument("--hours", type=int, default=1, help="until it ends, 24 at most")
    token.add_argument("--json", action="store_true")

    application = commands.add_parser("application", help="Look after applications that make meetings.")
    actions = application.add_subparsers(required=True, metavar="ACTION")
    command("list", applications, "List every application.", actions).add_argument("--json", action="store_true")
    added = command("make", make_application, "Make an application; prints its key, this once.", actions)
    added.add_argument("name", metavar="NAME")
    added.add_argument("--json", action="store_true")
    command("delete", delete_application, "End an application's key.", actions).add_argument("id", metavar="ID")

    recording = commands.add_parser("recording", help="Look after recordings of rooms.")
    acts = recording.add_subparsers(required=True, metavar="ACTION")
    command("list", recordings, "List every recording.", acts).add_argument("--json", action="store_true")
    command("delete", delete_recording, "Delete a recording.", acts).add_argument("id", metavar="ID")


def recordings(client: Client, options: argparse.Namespace) -> int:
    """`parlor recording list`."""
    found = client.call("GET", "/v1/recordings")["recordings"]
    lines = [f"{each['id']}  {each['state']:<9}  {each['bytes'] / 1e6:>7.1f} MB  {each['title']}" for each in found]
    print(json.dumps(found, indent=2) if options.json else "\n".join(lines))
    return 0


def delete_recording(client: Client, options: argparse.Namespace) -> int:
    """`parlor recording delete ID`."""
    client.call("DELETE", f"/v1/recordings/{quote(options.id, safe='')}")
    return 0


def _path(options: argparse.Namespace, more: str = "") -> str:
    return f"/v1/meetings/{quote(options.name, safe='')}{more}"


def meetings(client: Client, options: argparse.Namespace) -> int:
    """`parlor meeting list`."""
    found = client.call("GET", "/v1/meetings")["meetings"]
    if options.json:
        print(json.dumps(found, indent=2))
        return 0
    for each in found:
        print(f"{each['name']}  {each['people']:>3} in it  {each['title']}")
    return 0


def make_meeting(client: Client, options: argparse.Namespace) -> int:
    """`parlor meeting make TITLE`."""
    wish = {"title": options.title, "waiting": options.waiting, "encrypted": options.encrypted}
    made = client.call("POST", "/v1/meetings", wish)
    print(json.dumps(made, indent=2) if options.json else made["link"])
    return 0


def show_meeting(client: Client, options: argparse.Namespace) -> int:
    """`parlor meeting show NAME`."""
    found = client.call("GET", _path(options))
    print(f"{found['title']}\n  {found['link']}")
    for name, text in (("waiting", "everybody but hosts waits at the door"), ("encrypted", "end-to-end encrypted")):
        if found[name]:
            print(f"  {text}")
    for name in ("starts", "ends"):
        if found[name]:
            print(f"  {name} {datetime.fromtimestamp(found[name], UTC):%Y-%m-%d %H:%M} UTC")
    for person in client.call("GET", _path(options, "/people"))["people"]:
        print(f"  in it: {person['name']} ({person['role']})")
    return 0


def end_meeting(client: Client, options: argparse.Namespace) -> int:
    """`parlor meeting end NAME`."""
    client.call("POST", _path(options, "/end"))
    return 0


def delete_meeting(client: Client, options: argparse.Namespace) -> int:
    """`parlor meeting delete NAME`."""
    client.call("DELETE", _path(options))
    return 0


def make_token(client: Client, options: argparse.Namespace) -> int:
    """`parlor meeting token NAME WHO`."""
    wish = {"role": options.role, "name": options.who, "expires_s": options.hours * 3600}
    made = client.call("POST", _path(options, "/tokens"), wish)
    print(json.dumps(made, indent=2) if options.json else made["link"])
    return 0


def applications(client: Client, options: argparse.Namespace) -> int:
    """`parlor application list`."""
    found = client.call("GET", "/v1/applications")["applications"]
    lines = [f"{each['id']}  {each['name']}" for each in found]
    print(json.dumps(found, indent=2) if options.json else "\n".join(lines))
    return 0


def make_application(client: Client, options: argparse.Namespace) -> int:
    """`parlor application make NAME`."""
    made = client.call("POST", "/v1/applications", {"name": options.name})
    print(json.dumps(made, indent=2) if options.json else made["key"])
    return 0


def delete_application(client: Client, options: argparse.Namespace) -> int:
    """`parlor application delete ID`."""
    client.call("DELETE", f"/v1/applications/{quote(options.id, safe='')}")
    return 0
