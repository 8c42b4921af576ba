"""`parlor update`: look for a new version, install one, restart into it."""

import argparse
import json
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from appliance.client import Client
from appliance.model import DATA, ParlorError, Unavailable
from appliance.settings import N_

POLL_S = 0.5
BAR = 30  # characters

# The core has folders of its own in place of these, and homes are closed to it: what lies there is copied first.
HIDDEN = ("/tmp", "/var/tmp", "/home", "/root", "/run/user")  # noqa: S108
COPY = DATA / "ota" / "brought.raucb"
SPARE_BYTES = 100_000_000  # that a copy leaves free


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The options of `parlor update`."""
    command.set_defaults(run=update)
    what = command.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="look for a new version now")
    what.add_argument(
        "--install", nargs="?", const="", metavar="FILE|URL", help="install what was found, or this bundle"
    )
    what.add_argument("--restart", action="store_true", help="start the new version now")
    what.add_argument("--cancel", action="store_true", help="do not start the new version that waits")
    command.add_argument("--even-in-call", action="store_true", help="restart though somebody is in a call")
    command.add_argument("--json", action="store_true", help="show all as JSON")


def update(client: Client, options: argparse.Namespace) -> int:
    """`parlor update`."""
    if options.restart:
        client.call("POST", "/v1/update/restart", {"even_in_call": options.even_in_call})
        print("The box restarts into its new version.")
        return 0
    if options.install is not None:
        _install(client, options.install)
    elif options.cancel:
        client.call("POST", "/v1/update/cancel")
    elif options.check:
        _watch(client, client.call("POST", "/v1/update/check")["id"])
    answer = client.call("GET", "/v1/update")
    print(json.dumps(answer, indent=2) if options.json else "\n".join(described(answer)))
    return 0


def _install(client: Client, wanted: str) -> None:
    try:
        source = wanted if "://" in wanted or not wanted else str(_reachable(Path(wanted).resolve()))
        _watch(client, client.call("POST", "/v1/update/install", {"source": source}, timeout_s=90)["id"])
    finally:
        COPY.unlink(missing_ok=True)


def _reachable(path: Path) -> Path:
    """The file, or a copy of it where the core can read it. Raises `Unavailable` when there is no room for one."""
    if not path.is_file() or not any(path.is_relative_to(folder) for folder in HIDDEN):
        return path
    COPY.parent.mkdir(mode=0o700, exist_ok=True)
    if shutil.disk_usage(COPY.parent).free < path.stat().st_size + SPARE_BYTES:
        raise Unavailable(N_("There is no room for the update. Make room first."))
    shutil.copyfile(path, COPY)
    return COPY


def _watch(client: Client, job_id: str) -> None:
    """Show how far a job is until it ends. Raises its error."""
    shown, told = "", False
    while True:
        answer = client.call("GET", "/v1/update")
        if (inside := answer["installing"]) and not told:
            told = True
            print(f"Version {inside['version']}" + "".join(f"\n  {each}" for each in inside["changes"]))
        shown = _show(answer["progress"], shown)
        job = client.call("GET", f"/v1/jobs/{job_id}")
        if job["state"] != "running":
            break
        time.sleep(POLL_S)
    if shown and sys.stderr.isatty():
        print(file=sys.stderr)
    if job["error"]:
        raise ParlorError(job["error"]["template"], **job["error"]["params"])


def _show(progress: dict[str, Any] | None, before: str) -> str:
    """One line that changes in place on a terminal, and one a tenth elsewhere; returns what was shown."""
    if not progress or not progress["message"]:
        return before
    terminal = sys.stderr.isatty()
    percent = progress["percent"]
    text = f"{percent:3d} % {progress['message']}" if terminal else f"{percent // 10 * 10} %"
    if text != before:
        bar = "█" * (percent * BAR // 100)
        print(f"\r\033[K{bar:░<{BAR}} {text}" if terminal else text, end="" if terminal else "\n", file=sys.stderr)
        sys.stderr.flush()
    return text


def described(answer: dict[str, Any]) -> list[str]:
    """UPDATE in words, a line each."""
    lines = [f"Parlor {answer['version']} runs" + (f" from slot {answer['slot']}" if answer["slot"] else "")]
    if answer["unable"]:
        return [*lines, answer["unable"]["message"]]
    lines += _last(answer["last"], answer["state"])
    if answer["state"] == "waiting":
        opens = datetime.fromtimestamp(answer["window"]["next"], ZoneInfo(answer["window"]["time_zone"]))
        lines.append(f"It starts from {opens:%Y-%m-%d %H:%M}, or now: parlor update --restart")
    elif answer["available"]:
        release = answer["available"]
        lines.append(f"New: version {release['version']}, {release['size'] / 1e6:.0f} MB")
        lines += [f"  {each}" for each in release["changes"].get("en", ())]
    elif answer["checked"] and not answer["check_problem"]:
        lines.append(f"Nothing newer on {datetime.fromtimestamp(answer['checked'], UTC):%Y-%m-%d %H:%M} UTC")
    if answer["check_problem"]:
        lines.append(answer["check_problem"]["message"])
    if not answer["server"]:
        lines.append("No update server is set: parlor settings set updates.server https://…")
    return lines


def _last(last: dict[str, Any] | None, state: str) -> list[str]:
    if last is None:
        return []
    words = {
        "installing": "is being written",
        "installed": "is being tried out" if state == "proving" else "is written and waits for a restart",
        "good": "was installed and works",
        "failed": "did not work",
        "cancelled": "was called off",
    }
    reason = f": {last['reason']['message']}" if last["reason"] else ""
    return [f"Version {last['version']} {words[last['outcome']]}{reason}"]
