"""The people of one XMPP domain: their accounts, invitations and sessions in ejabberd."""

import asyncio
import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Any, Literal

from appliance.model import Conflict, Expired, Invalid, Missing, Unavailable
from appliance.settings import N_, OWN_ACCOUNT
from appliance.system import xmpp_registration
from appliance.system.xmpp_api import CommandRefused, XmppApi
from appliance.system.xmpp_registration import RegistrationRefused

Kind = Literal["account", "reset", "contact"]

# ejabberd's words for what a token gives. `roster_only` adds a contact, and an account only where its maker may invite.
_KINDS: dict[str, Kind] = {
    "account_only": "account",
    "account_subscription": "account",
    "reset_token": "reset",
    "roster_only": "contact",
}
_DISABLED = "Disabled by an admin of the box"
_LOGGED_OUT = "Logged out everywhere"
_NEVER = "Registered but didn't login"


@dataclass(frozen=True)
class Account:
    """An account; `last_seen` is in seconds since 1970, None for never, now while somebody is online."""

    name: str
    last_seen: int | None
    disabled: bool


@dataclass(frozen=True)
class Invitation:
    """A token that is good for one use. `name` is empty where the invited person chooses it in the app.

    `uri` is for a chat app (XEP-0379, XEP-0401), `expires` in seconds since 1970; `used` tells whether
    somebody has used it up.
    """

    kind: Kind
    name: str
    token: str
    uri: str
    expires: int
    valid: bool = True
    used: bool = False


class XmppServer:
    """What the box asks of ejabberd. Every call raises `Unavailable` when ejabberd does not answer."""

    def __init__(self, domain: str, api: XmppApi | None = None) -> None:
        self._domain = domain
        self._api = api or XmppApi()

    async def register(self, name: str, password: str) -> None:
        """Make an account. Raises `Conflict` when there is one; the password is one that `settings.password` takes."""
        try:
            await self._call("register", user=name, password=password)
        except CommandRefused as error:
            if error.http_status == 409:
                raise Conflict(N_("There is already somebody called “%(name)s”."), name=name) from error
            raise

    async def set_password(self, name: str, password: str) -> None:
        """Set a new password; it ends the tokens for fast logins (XEP-0484), not the open sessions."""
        await self._must_exist(name)
        if await self._call("change_password", user=name, newpass=password) != 0:
            raise Invalid(N_("The chat server cannot take this password."))

    async def check_password(self, name: str, password: str) -> bool:
        """Whether the password is right; False also for a disabled account and for nobody's name."""
        return bool(await self._call("check_password", user=name, password=password) == 0)

    async def exists(self, name: str) -> bool:
        """Whether there is such an account."""
        return bool(await self._call("check_account", user=name) == 0)

    async def accounts(self) -> list[Account]:
        """Every person's account."""
        names = [name for name in await self._call("registered_users") if not name.startswith(OWN_ACCOUNT)]
        return list(await asyncio.gather(*(self._account(name) for name in names)))

    async def own_accounts(self) -> list[str]:
        """The names of the accounts that the box made for itself."""
        return [name for name in await self._call("registered_users") if name.startswith(OWN_ACCOUNT)]

    async def disable(self, name: str) -> None:
        """Refuse every login and end the open sessions; everything is kept."""
        await self._must_exist(name)
        if not await self._disabled(name):
            await self._done("ban_account", user=name, reason=_DISABLED)

    async def enable(self, name: str) -> None:
        """Let a disabled person log in again, with the old password."""
        await self._must_exist(name)
        if await self._disabled(name):
            await self._done("unban_account", user=name)

    async def delete(self, name: str) -> None:
        """Remove the account with its archive, uploads, roster, keys, and the invitations made by it or for it."""
        await self._must_exist(name)
        await self.end_sessions(name)
        await self._call("unregister", user=name)
        for entry in await self._entries():
            if self._concerns(entry, name):
                await self.revoke(entry["token"])

    async def end_sessions(self, name: str) -> None:
        """End every open session, and the tokens for fast logins (XEP-0484).

        ejabberd's own command for it spares the tokens of who is not online, and shutting a person out does not.
        """
        if await self._disabled(name):
            return
        await self._done("ban_account", user=name, reason=_LOGGED_OUT)
        await self._done("unban_account", user=name)

    async def invite(self, name: str) -> Invitation:
        """A new invitation to make the account `name`. Raises `Conflict` when the name is taken or invited."""
        try:
            made = await self._call("generate_invite_with_username", username=name)
        except CommandRefused as error:
            raise Conflict(N_("“%(name)s” is taken, or invited already."), name=name) from error
        return await self._made(made)

    async def reset(self, name: str) -> Invitation:
        """End the password and every session of `name`; the token lets its bearer set a new one."""
        await self.set_password(name, secrets.token_urlsafe(32))
        await self.end_sessions(name)
        for older in await self.invitations():
            if older.kind == "reset" and older.name == name:
                await self.revoke(older.token)
        return await self._made(await self._call("generate_reset_token", username=name))

    async def invitations(self) -> list[Invitation]:
        """The invitations that can still be used."""
        return [found for entry in await self._entries() if (found := _invitation(entry)).valid]

    async def find_invitation(self, token: str) -> Invitation:
        """The invitation with this token. Raises `Missing`, or `Expired` when it is used up or too old."""
        found = next((_invitation(entry) for entry in await self._entries() if entry["token"] == token), None)
        if found is None:
            raise Missing(N_("There is no such invitation."))
        if not found.valid:
            text = N_("This invitation has been used already.") if found.used else N_("This invitation has ended.")
            raise Expired(text)
        return found

    async def redeem(self, token: str, password: str) -> str:
        """Use an invitation up: make its account, or set the new password. Returns the account's name.

        Of any number of tries at once one succeeds, the others raise `Expired`.
        """
        invitation = await self.find_invitation(token)
        if not invitation.name or invitation.kind == "contact":
            raise Invalid(N_("This invitation is for the chat app: open it there."))
        try:
            await xmpp_registration.register(self._domain, token, invitation.name, password)
        except RegistrationRefused as error:
            raise _refusal(error, invitation) from error
        if invitation.kind == "reset":
            await self.end_sessions(invitation.name)
        return invitation.name

    async def revoke(self, token: str) -> None:
        """End an invitation. Raises `Missing`."""
        try:
            await self._done("delete_invite_by_token", token=token)
        except CommandRefused as error:
            raise Missing(N_("There is no such invitation.")) from error

    async def forget_old_invitations(self) -> None:
        """Remove the invitations that have ended."""
        await self._api.call("cleanup_expired_invite_tokens")

    async def delete_old_messages(self, days: int) -> None:
        """Remove what is older than `days` days from every archive, and messages that nobody fetched for as long."""
        await self._api.call("delete_old_mam_messages", type="all", days=days)
        await self._api.call("delete_old_messages", days=days)

    async def reload_config(self) -> None:
        """Load the configuration file again. Raises `Unavailable` when ejabberd does not take it."""
        if await self._api.call("reload_config") != 0:
            raise Unavailable(N_("The chat server does not take its new configuration."))

    async def connected_users(self) -> int:
        """How many sessions are open."""
        return int(await self._api.call("connected_users_number"))

    async def _call(self, command: str, **arguments: Any) -> Any:
        return await self._api.call(command, host=self._domain, **arguments)

    async def _done(self, command: str, **arguments: Any) -> None:
        if (code := await self._call(command, **arguments)) != 0:
            raise CommandRefused(command, 200, str(code))

    async def _must_exist(self, name: str) -> None:
        if not await self.exists(name):
            raise Missing(N_("There is nobody called “%(name)s” here."), name=name)

    async def _disabled(self, name: str) -> bool:
        """Whether an admin shut the person out. What a broken-off `end_sessions` left behind is put right."""
        details = await self._call("get_ban_details", user=name)
        if details.get("reason") == _LOGGED_OUT:
            await self._done("unban_account", user=name)
            return False
        return bool(details)

    async def _account(self, name: str) -> Account:
        last, disabled = await asyncio.gather(self._call("get_last", user=name), self._disabled(name))
        return Account(name, _last_seen(last), disabled)

    async def _entries(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = await self._call("list_invites")
        return entries

    async def _made(self, made: dict[str, str]) -> Invitation:
        return await self.find_invitation(made["invite_uri"].rpartition("preauth=")[2])

    def _concerns(self, entry: dict[str, Any], name: str) -> bool:
        jid = f"{name}@{self._domain}"
        return entry["account_name"] == name or jid in (entry["invitee"], entry["inviter"])


def _invitation(entry: dict[str, Any]) -> Invitation:
    kind = _KINDS[entry["type"]]
    return Invitation(
        kind,
        entry["inviter"].partition("@")[0] if kind == "contact" else entry["account_name"],
        entry["token"],
        entry["token_uri"],
        _seconds(entry["expires"]),
        valid=entry["valid"] == "true",
        used=bool(entry["invitee"]),
    )


def _seconds(stamp: str) -> int:
    """`2026-11-27T05:40:00Z` (XEP-0082) as seconds since 1970."""
    return int(dt.datetime.fromisoformat(stamp).timestamp())


def _last_seen(last: dict[str, str]) -> int | None:
    """Until somebody logs in, ejabberd gives the time at which the account was made, with this status."""
    return None if last["status"] in (_NEVER, "NOT FOUND") else _seconds(last["timestamp"])


def _refusal(error: RegistrationRefused, invitation: Invitation) -> Exception:
    if error.step == "preauth" or error.condition == "conflict":
        return Expired(N_("This invitation has been used already."))
    if error.condition == "not-allowed":
        return Conflict(N_("The name “%(name)s” is promised to somebody else."), name=invitation.name)
    return Unavailable(N_("The chat server could not finish this. Try again in a moment."))
