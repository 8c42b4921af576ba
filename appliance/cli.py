"""The `parlor` command: the box's local API for people at a terminal and for scripts.

Exit codes: 0 done, 1 refused or failed (the reason is on stderr), 2 a wrong command line,
3 the box is not healthy (`parlor status`).
"""

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from appliance import meeting_command, setup, update_command
from appliance.client import Client
from appliance.model import ParlorError

JOB_WAIT_S = 25
SYMBOLS = {"ok": "✓", "starting": "…", "failed": "✗", "off": "–"}

Command = Callable[[Client, argparse.Namespace], int]


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser("parlor", description="Look after this Parlor box.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Command, text: str, under: Any = commands) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = under.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    command("status", status, "Show how every service is.").add_argument("--json", action="store_true")
    command("claim-code", claim_code, "Show the code that claims this box.")
    command("apply", apply, "Render the settings and load them again.")
    command("dismiss", dismiss, "Take messages of the status away, once you have seen them.")
    erase = command("reset", reset, "Erase everything people made, and start as a new box.")
    erase.add_argument("--yes", action="store_true", help="do not ask")
    update_command.add_arguments(
        command("update", update_command.update, "Look for a new version, install it, restart into it.")
    )
    command("invite", invite, "Make an invitation for somebody.").add_argument("name", metavar="NAME")
    provision = command("setup", set_up, "Set a fresh box up from a provisioning file.")
    provision.add_argument("file", type=Path, metavar="FILE")

    user = commands.add_parser("user", help="Look after people.").add_subparsers(required=True, metavar="ACTION")
    add = command("add", user_add, "Make an account; asks for the password, or reads it from standard input.", user)
    add.add_argument("name", metavar="NAME")
    add.add_argument("--admin", action="store_true", help="may look after the box")
    command("list", user_list, "List everybody.", user).add_argument("--json", action="store_true")
    for name, run, text in (
        ("remove", user_remove, "Delete an account with everything it holds."),
        ("reset", user_reset, "Make a link for a new password; the old one ends."),
        ("disable", user_disable, "Shut somebody out, with everything kept."),
        ("enable", user_enable, "Let somebody in again."),
        ("promote", user_promote, "Make somebody an admin."),
        ("demote", user_demote, "Make an admin a member."),
        ("logout", user_logout, "End every session of somebody."),
    ):
        command(name, run, text, user).add_argument("name", metavar="NAME")

    meeting_command.add_arguments(commands, command)

    settings = commands.add_parser("settings", help="Show or change settings.").add_subparsers(
        required=True, metavar="ACTION"
    )
    command("show", settings_show, "Show every setting.", settings).add_argument("--json", action="store_true")
    change = command("set", settings_set, "Change a setting.", settings)
    change.add_argument("key", metavar="KEY")
    change.add_argument("value", metavar="VALUE")

    certificate = commands.add_parser("certificate", help="Show or replace the certificate.").add_subparsers(
        required=True, metavar="ACTION"
    )
    command("show", certificate_show, "Show names, end and fingerprint.", certificate)
    bring = command("import", certificate_import, "Use a certificate of your own (PEM files).", certificate)
    bring.add_argument("chain", type=Path, metavar="CHAIN")
    bring.add_argument("key", type=Path, metavar="KEY")
    return top


def status(client: Client, options: argparse.Namespace) -> int:
    """`parlor status`."""
    answer = client.call("GET", "/v1/status")
    if options.json:
        print(json.dumps(answer, indent=2))
    else:
        print(f"Parlor {answer['version']}, {'claimed' if answer['claimed'] else 'waiting to be claimed'}")
        for each in answer["services"]:
            print(f"{SYMBOLS[each['state']]} {each['label']:<22} {each['state']:<9} {each['detail']}".rstrip())
        disk = answer["disk"]
        print(f"{disk['free_bytes'] / 1e9:.1f} of {disk['total_bytes'] / 1e9:.1f} GB free")
        if made := answer["last_good"]:
            partly = "" if made["whole"] else ", without the archive of messages"
            print(f"last good state: {datetime.fromtimestamp(made['made'], UTC):%Y-%m-%d %H:%M} UTC{partly}")
        said = [notice["message"] for notice in answer["notices"]]
        for trouble in (answer["settings_problem"], answer["provisioning_error"], *said):
            if trouble:
                print(f"! {trouble}")
    return 0 if answer["healthy"] else 3


def claim_code(client: Client, _options: argparse.Namespace) -> int:
    """`parlor claim-code`."""
    print(client.call("GET", "/v1/claim-code")["code"])
    return 0


def apply(client: Client, _options: argparse.Namespace) -> int:
    """`parlor apply`."""
    _follow(client, client.call("POST", "/v1/apply"))
    return 0


def dismiss(client: Client, _options: argparse.Namespace) -> int:
    """`parlor dismiss`."""
    for notice in client.call("GET", "/v1/status")["notices"]:
        client.call("DELETE", f"/v1/notices/{notice['id']}")
    return 0


def reset(client: Client, options: argparse.Namespace) -> int:
    """`parlor reset`."""
    name = client.call("GET", "/v1/box")["name"]
    if not options.yes:
        print("This erases everything people made: accounts, messages, files, settings, keys. The system stays.")
        try:
            typed = input(f"Type the name of this box, {name}, to go on: ")
        except EOFError:
            typed = ""
        if typed.strip() != name:
            print("Nothing was erased. In a script, say: parlor reset --yes", file=sys.stderr)
            return 1
    client.call("POST", "/v1/reset", {"name": name})
    print("The box erases itself and starts again.")
    return 0


def set_up(client: Client, options: argparse.Namespace) -> int:
    """`parlor setup FILE`."""
    wanted = setup.parse_toml(options.file.read_bytes())
    result = _follow(client, client.call("POST", "/v1/setup", setup.document(wanted)))
    for invitation in result["invitations"]:
        _print_invitation(invitation)
    return 0


def _follow(client: Client, job: dict[str, Any]) -> dict[str, Any]:
    """Show a job's steps as they happen; its result, or its error raised."""
    shown: dict[str, str] = {}
    while True:
        for step in job["steps"]:
            if step["state"] != "waiting" and shown.get(step["name"]) != step["state"]:
                shown[step["name"]] = step["state"]
                print(f"{step['name']}: {step['state']}", file=sys.stderr)
        if job["state"] != "running":
            break
        job = client.call("GET", f"/v1/jobs/{job['id']}?wait={JOB_WAIT_S}", timeout_s=JOB_WAIT_S + 10)
    if job["error"]:
        raise ParlorError(job["error"]["template"], **job["error"]["params"])
    result: dict[str, Any] = job["result"]
    return result


def _person(options: argparse.Namespace) -> str:
    return f"/v1/people/{quote(options.name, safe='')}"


def invite(client: Client, options: argparse.Namespace) -> int:
    """`parlor invite NAME`."""
    _print_invitation(client.call("POST", f"{_person(options)}/invitation"))
    return 0


def _print_invitation(invitation: dict[str, Any]) -> None:
    ends = datetime.fromtimestamp(invitation["expires"], UTC)
    print(f"{invitation['jid']}\n  {invitation['link']}\n  {invitation['uri']}\n  until {ends:%Y-%m-%d %H:%M} UTC")


def user_add(client: Client, options: argparse.Namespace) -> int:
    """`parlor user add NAME`."""
    secret = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    role = "admin" if options.admin else "member"
    print(client.call("POST", "/v1/people", {"name": options.name, "role": role, "password": secret})["jid"])
    return 0


def user_list(client: Client, options: argparse.Namespace) -> int:
    """`parlor user list`."""
    everyone = client.call("GET", "/v1/people")["people"]
    if options.json:
        print(json.dumps(everyone, indent=2))
        return 0
    for person in everyone:
        seen = (
            datetime.fromtimestamp(person["last_seen"], UTC).strftime("%Y-%m-%d %H:%M") if person["last_seen"] else "-"
        )
        print(f"{person['jid']:<32} {person['role']:<7} {person['state']:<9} {seen}")
    return 0


def user_remove(client: Client, options: argparse.Namespace) -> int:
    """`parlor user remove NAME`."""
    client.call("DELETE", _person(options))
    return 0


def user_reset(client: Client, options: argparse.Namespace) -> int:
    """`parlor user reset NAME`."""
    _print_invitation(client.call("POST", f"{_person(options)}/reset"))
    return 0


def _patch(client: Client, options: argparse.Namespace, body: dict[str, object]) -> int:
    person = client.call("PATCH", _person(options), body)
    print(f"{person['jid']} {person['role']} {person['state']}")
    return 0


def user_disable(client: Client, options: argparse.Namespace) -> int:
    """`parlor user disable NAME`."""
    return _patch(client, options, {"disabled": True})


def user_enable(client: Client, options: argparse.Namespace) -> int:
    """`parlor user enable NAME`."""
    return _patch(client, options, {"disabled": False})


def user_promote(client: Client, options: argparse.Namespace) -> int:
    """`parlor user promote NAME`."""
    return _patch(client, options, {"role": "admin"})


def user_demote(client: Client, options: argparse.Namespace) -> int:
    """`parlor user demote NAME`."""
    return _patch(client, options, {"role": "member"})


def user_logout(client: Client, options: argparse.Namespace) -> int:
    """`parlor user logout NAME`."""
    client.call("POST", f"{_person(options)}/logout")
    return 0


def settings_show(client: Client, options: argparse.Namespace) -> int:
    """`parlor settings show`."""
    fields = client.call("GET", "/v1/settings")["fields"]
    if options.json:
        print(json.dumps({field["key"]: field["value"] for field in fields}, indent=2))
        return 0
    for field in fields:
        fixed = " (fixed)" if field["fixed"] else ""
        print(f"{field['key']} = {json.dumps(field['value'])}  # {field['label']}. {field['help']}{fixed}")
    return 0


def settings_set(client: Client, options: argparse.Namespace) -> int:
    """`parlor settings set KEY VALUE`."""
    _follow(client, client.call("PATCH", "/v1/settings", {options.key: options.value}))
    return 0


def certificate_show(client: Client, _options: argparse.Namespace) -> int:
    """`parlor certificate show`."""
    answer = client.call("GET", "/v1/certificate")
    ends = datetime.fromtimestamp(answer["not_after"], UTC)
    made = "self-signed" if answer["self_signed"] else "from an authority"
    print(f"{made}, until {ends:%Y-%m-%d}\n{', '.join(answer['names'])}\nSHA-256 {answer['fingerprint']}")
    return 0


def certificate_import(client: Client, options: argparse.Namespace) -> int:
    """`parlor certificate import CHAIN KEY`."""
    body = {"chain": options.chain.read_text(), "key": options.key.read_text()}
    client.call("PUT", "/v1/certificate", body)
    return certificate_show(client, options)


def main() -> int:
    """Run one command; errors become one line on stderr, then a line for each problem."""
    options = parser().parse_args()
    try:
        run: Command = options.run
        return run(Client(), options)
    except ParlorError as error:
        print(f"parlor: {error}", file=sys.stderr)
        for problem in error.problems:
            print(f"  {problem.key}: {problem.message}", file=sys.stderr)
    except OSError as error:
        print(f"parlor: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print(file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
