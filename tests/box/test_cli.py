"""The `parlor` command, as a person at a terminal and as a script uses it."""

import asyncio
import json
import secrets

import pytest

from image.process import Finished
from tests.box.house import ClaimedBox
from tests.box.phone import phone


def failed(finished: Finished) -> str:
    """One line for a person, exit code 1, and no traceback; returns the line."""
    assert finished.returncode == 1, finished
    assert finished.stderr.startswith("parlor: ")
    assert "Traceback" not in finished.stderr
    return finished.stderr


def can_log_in(box: ClaimedBox, name: str, password: str) -> bool:
    """Whether the account takes the password."""

    async def attempt() -> bool:
        try:
            async with phone(f"{name}@{box.domain}", password, box.address, box.house.authority.path):
                return True
        except PermissionError:
            return False

    return asyncio.run(attempt())


def states(box: ClaimedBox) -> dict[str, tuple[str, str]]:
    """Role and state of everybody."""
    people = json.loads(box.parlor("user", "list", "--json").stdout)
    return {person["name"]: (person["role"], person["state"]) for person in people}


def test_status_says_that_all_is_well(box: ClaimedBox) -> None:
    finished = box.parlor("status")
    assert finished.returncode == 0
    assert "claimed" in finished.stdout
    services = {each["service"]: each["state"] for each in box.status()["services"]}
    assert services["ejabberd"] == services["janus"] == services["nginx"] == services["portal"] == "ok"


def test_status_says_what_is_not(box: ClaimedBox) -> None:
    box.box.run(["systemctl", "stop", "janus.service"])
    try:
        finished = box.parlor("status", check=False)
        assert finished.returncode == 3
        assert "failed" in finished.stdout
    finally:
        box.box.run(["systemctl", "start", "janus.service"])
    box.wait_until_well()


def test_a_person_from_first_to_last(box: ClaimedBox) -> None:
    name, password = box.new_person()
    assert can_log_in(box, name, password)
    box.parlor("user", "disable", name)
    assert states(box)[name] == ("member", "disabled")
    assert not can_log_in(box, name, password)
    box.parlor("user", "enable", name)
    assert can_log_in(box, name, password)
    box.parlor("user", "promote", name)
    assert states(box)[name] == ("admin", "active")
    box.parlor("user", "demote", name)
    link = box.parlor("user", "reset", name).stdout
    assert f"https://{box.domain}/invite/" in link
    assert not can_log_in(box, name, password)
    box.parlor("user", "remove", name)
    assert name not in states(box)


def test_an_invitation_replaces_the_older_one(box: ClaimedBox) -> None:
    name = f"p{secrets.token_hex(4)}"
    first, second = box.invite(name), box.invite(name)
    assert first["uri"] != second["uri"]
    assert states(box)[name] == ("member", "invited")
    listed = box.parlor("user", "list", "--json").stdout
    assert first["uri"] not in listed
    assert second["uri"] in listed
    box.parlor("user", "remove", name)


@pytest.mark.parametrize(
    "arguments",
    [
        ("user", "remove", "nobody-here"),
        ("user", "reset", "nobody-here"),
        ("user", "disable", "nobody-here"),
        ("user", "promote", "nobody-here"),
        ("invite", "Ann Smith"),
        ("invite", "аnn"),
        ("invite", "a\nb"),
        ("invite", "../../etc"),
        ("invite", "x" * 65536),
        ("invite", "ann"),
        ("user", "remove", "ann"),
        ("user", "demote", "ann"),
        ("user", "disable", "ann"),
        ("settings", "set", "files.max_mb", "0"),
        ("settings", "set", "files.max_mb", "many"),
        ("settings", "set", "files.colour", "red"),
        ("settings", "set", "domain.name", "other.example"),
        ("settings", "set", "secrets.turn", "known"),
        ("certificate", "import", "/etc/passwd", "/etc/passwd"),
        ("certificate", "import", "/nowhere", "/nowhere"),
        ("claim-code",),
    ],
    ids=lambda arguments: "-".join(arguments)[:40],
)
def test_what_cannot_be_done_is_said_in_a_line(box: ClaimedBox, arguments: tuple[str, ...]) -> None:
    before = states(box)
    failed(box.parlor(*arguments, check=False))
    assert states(box) == before


@pytest.mark.parametrize(
    "password", ['quo"te\'s "x"', "co:lon:co:lon", "{bra{ces}} %s %(x)s", "пароль пароль", "☺☎ ☺☎ ☺☎", "$(reboot) `x`"]
)
def test_odd_passwords_work(box: ClaimedBox, password: str) -> None:
    name = f"p{secrets.token_hex(4)}"
    box.add_person(name, password)
    assert can_log_in(box, name, password)
    assert not can_log_in(box, name, password + "x")


@pytest.mark.parametrize("password", ["short", "", "tab\tinside", "young 🦊 emoji", "x" * 200])
def test_impossible_passwords_make_no_account(box: ClaimedBox, password: str) -> None:
    name = f"p{secrets.token_hex(4)}"
    failed(box.parlor("user", "add", name, stdin=f"{password}\n", check=False))
    assert name not in states(box)


def test_a_wrong_command_line_is_told_apart(box: ClaimedBox) -> None:
    assert box.parlor("sing", check=False).returncode == 2
    assert box.parlor(check=False).returncode == 2


def test_settings_are_loaded_and_kept(box: ClaimedBox) -> None:
    box.parlor("settings", "set", "files.max_mb", "123")
    try:
        assert json.loads(box.parlor("settings", "show", "--json").stdout)["files.max_mb"] == 123
        assert "125m" in box.box.run(["cat", "/run/parlor/nginx/nginx.conf"]).stdout
    finally:
        box.parlor("settings", "set", "files.max_mb", "100")


def test_only_root_is_root(box: ClaimedBox) -> None:
    finished = box.box.run(["parlor", "status"], user="parlor-portal", check=False)
    assert finished.returncode == 1
    assert "Log in" in finished.stderr or "logged out" in finished.stderr
    assert box.box.run(["parlor", "user", "list"], user="ejabberd", check=False).returncode == 1


def test_no_secret_reaches_the_journal_or_the_process_list(box: ClaimedBox) -> None:
    document = json.loads((box.box.data / "core" / "settings-v1.json").read_text())
    wanted = [*box.passwords.values(), *document["secrets"].values()]
    invitation = box.invite(f"p{secrets.token_hex(4)}")
    wanted.append(invitation["uri"].rpartition("=")[2])
    seen = box.box.journal("--boot", "--output=export") + box.box.run(["cat", "/proc/1/environ"]).stdout
    seen += box.box.run(["sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"]).stdout
    assert len(wanted) > 4
    assert [secret for secret in wanted if secret in seen] == []
