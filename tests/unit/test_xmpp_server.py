"""What the box makes of ejabberd's answers; the answers are as ejabberd 26.07 gave them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from appliance.model import Conflict, Expired, Invalid, Missing, ParlorError, Unavailable
from appliance.system import xmpp_registration
from appliance.system.xmpp_api import CommandRefused, XmppApi
from appliance.system.xmpp_registration import RegistrationRefused
from appliance.system.xmpp_server import XmppServer

INVITE = {
    "token": "t1",
    "valid": "true",
    "created_at": "2026-11-22T05:40:00Z",
    "expires": "2026-11-27T05:40:00Z",
    "type": "account_only",
    "inviter": "one.example",
    "invitee": "",
    "account_name": "carl",
    "token_uri": "xmpp:carl@one.example?register;preauth=t1",
    "landing_page": "https://one.example/invite/t1",
}
LAST = {"timestamp": "2026-11-22T05:40:00Z", "status": ""}
NEVER = {"timestamp": "2026-11-22T05:40:00Z", "status": "Registered but didn't login"}


class Ejabberd(XmppApi):
    """Answers from a table, `command` or `command user` to result, error or function; remembers what it was asked."""

    def __init__(self, **answers: Any) -> None:
        object.__setattr__(self, "answers", answers)
        object.__setattr__(self, "asked", [])

    async def call(self, command: str, **arguments: Any) -> Any:
        self.asked.append((command, arguments))  # type: ignore[attr-defined]
        answer = self.answers[command]  # type: ignore[attr-defined]
        if isinstance(answer, Exception):
            raise answer
        return answer(arguments) if callable(answer) else answer


def ask(method: str, *arguments: Any, **answers: Any) -> Any:
    """Call a method of a server whose ejabberd gives these answers."""
    return asyncio.run(getattr(XmppServer("one.example", Ejabberd(**answers)), method)(*arguments))


def test_an_account_that_was_never_used_was_never_seen() -> None:
    answers = {
        "registered_users": ["ann", "bob"],
        "get_last": lambda arguments: LAST if arguments["user"] == "ann" else NEVER,
        "get_ban_details": lambda arguments: {} if arguments["user"] == "ann" else {"reason": "Disabled by an admin"},
    }
    ann, bob = ask("accounts", **answers)
    assert (ann.name, ann.last_seen, ann.disabled) == ("ann", 1795326000, False)
    assert (bob.name, bob.last_seen, bob.disabled) == ("bob", None, True)


def test_a_broken_off_log_out_is_no_ban() -> None:
    api = Ejabberd(
        registered_users=["ann"], get_last=LAST, get_ban_details={"reason": "Logged out everywhere"}, unban_account=0
    )
    (ann,) = asyncio.run(XmppServer("one.example", api).accounts())
    assert not ann.disabled
    assert "unban_account" in [command for command, _ in api.asked]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ("account", "carl")),
        ({"type": "account_subscription", "account_name": ""}, ("account", "")),
        ({"type": "reset_token"}, ("reset", "carl")),
        ({"type": "roster_only", "inviter": "ann@one.example", "account_name": ""}, ("contact", "ann")),
    ],
)
def test_each_kind_of_invitation(change: dict[str, str], expected: tuple[str, str]) -> None:
    (found,) = ask("invitations", list_invites=[INVITE | change])
    assert (found.kind, found.name) == expected
    assert found.expires == 1795758000
    assert found.uri == INVITE["token_uri"]


def test_what_has_ended_is_no_longer_listed() -> None:
    assert ask("invitations", list_invites=[INVITE | {"valid": "false"}]) == []


@pytest.mark.parametrize(
    ("entries", "error", "words"),
    [
        ([], Missing, "no such"),
        ([INVITE | {"valid": "false"}], Expired, "has ended"),
        ([INVITE | {"valid": "false", "invitee": "carl@one.example"}], Expired, "used"),
    ],
)
def test_why_an_invitation_is_not_found(entries: list[Any], error: type[ParlorError], words: str) -> None:
    with pytest.raises(error, match=words):
        ask("find_invitation", "t1", list_invites=entries)


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (RegistrationRefused("preauth", "item-not-found"), Expired),
        (RegistrationRefused("register", "conflict"), Expired),
        (RegistrationRefused("register", "not-allowed"), Conflict),
        (RegistrationRefused("register", "internal-server-error"), Unavailable),
    ],
)
def test_why_a_redemption_failed(monkeypatch: pytest.MonkeyPatch, refusal: Exception, error: type[ParlorError]) -> None:
    async def refuse(*_arguments: Any) -> None:
        raise refusal

    monkeypatch.setattr(xmpp_registration, "register", refuse)
    with pytest.raises(error):
        ask("redeem", "t1", "a good password", list_invites=[INVITE])


@pytest.mark.parametrize("change", [{"type": "roster_only", "inviter": "ann@one.example"}, {"account_name": ""}])
def test_what_is_for_the_app_is_not_redeemed_here(change: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        ask("redeem", "t1", "a good password", list_invites=[INVITE | change])


def test_a_taken_name() -> None:
    with pytest.raises(Conflict):
        ask("register", "ann", "a good password", register=CommandRefused("register", 409, "exists"))


@pytest.mark.parametrize("method", ["set_password", "disable", "enable", "delete"])
def test_nobody_is_said(method: str) -> None:
    arguments = ("zoe", "a good password") if method == "set_password" else ("zoe",)
    with pytest.raises(Missing, match="zoe"):
        ask(method, *arguments, check_account=1)


def test_a_silent_server_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        asyncio.run(XmppServer("one.example", XmppApi(tmp_path / "stopped" / "nobody.sock")).exists("ann"))
    with pytest.raises(Unavailable):
        asyncio.run(xmpp_registration.register("one.example", "t", "n", "p", tmp_path / "nobody.sock"))


def test_a_command_waits_while_the_server_reads_its_configuration_again(tmp_path: Path) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(0)

    async def scene() -> int:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(application)
        await runner.setup()
        call = asyncio.create_task(XmppApi(tmp_path / "api.sock").call("status"))
        await asyncio.sleep(0.05)
        await web.UnixSite(runner, str(tmp_path / "api.sock")).start()
        result = await call
        await runner.cleanup()
        return int(result)

    assert asyncio.run(scene()) == 0


def test_a_password_travels_in_the_body_only(tmp_path: Path) -> None:
    seen: list[tuple[str, bytes]] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((str(request.url), await request.read()))
        return web.json_response(0)

    async def scene() -> None:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.UnixSite(runner, str(tmp_path / "api.sock")).start()
        server = XmppServer("one.example", XmppApi(tmp_path / "api.sock"))
        await server.register("ann", "5ecret word")
        await server.check_password("ann", "5ecret word")
        await runner.cleanup()

    asyncio.run(scene())
    assert all("5ecret" not in url for url, _ in seen)
    assert all(b"5ecret word" in body for _, body in seen)
