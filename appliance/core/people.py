"""The people of the box: accounts and invitations in the chat server, roles in the settings."""

from collections.abc import Callable
from typing import Any

from appliance.answers import problem_of
from appliance.core.owner import Owner
from appliance.core.sessions import Sessions
from appliance.model import Conflict, Denied, Invalid, Missing, ParlorError
from appliance.settings import N_, Settings, password, person_name
from appliance.system.xmpp_server import Account, Invitation, XmppServer


class People:
    """What an admin can do with people."""

    def __init__(self, owner: Owner, sessions: Sessions) -> None:
        self._owner = owner
        self._sessions = sessions

    @property
    def _server(self) -> XmppServer:
        return XmppServer(self._owner.settings.domain.name)

    def jid(self, name: str) -> str:
        """A person's address."""
        return f"{name}@{self._owner.settings.domain.name}"

    def role(self, name: str) -> str:
        """`admin` or `member`."""
        return "admin" if name in self._owner.settings.people.admins else "member"

    async def exists(self, name: str) -> bool:
        """Whether the account has been made."""
        return await self._server.exists(name)

    async def everyone(self) -> list[dict[str, Any]]:
        """All accounts, and the people invited who have none yet, by name."""
        invitations = {i.name: i for i in await self._server.invitations() if i.kind == "account" and i.name}
        accounts = {account.name: account for account in await self._server.accounts()}
        return [
            self._document(name, accounts.get(name), invitations.get(name)) for name in sorted(accounts | invitations)
        ]

    async def one(self, name: str) -> dict[str, Any]:
        """One person. Raises `Missing`."""
        found = next((person for person in await self.everyone() if person["name"] == name), None)
        if found is None:
            raise Missing(N_("There is nobody called “%(name)s” here."), name=name)
        return found

    async def add(self, name: str, role: str, secret: str | None) -> dict[str, Any]:
        """A new person: an account at once with a password, else an invitation."""
        _check("name", person_name, name)
        if await self.exists(name):
            raise Conflict(N_("There is already somebody called “%(name)s”."), name=name)
        if secret is None:
            await self.invite(name)
        else:
            _check("password", password, secret)
            await self._server.register(name, secret)
            await self._end_invitations(name)
        if role == "admin":
            await self.set_role(name, role)
        return await self.one(name)

    async def invite(self, name: str) -> dict[str, Any]:
        """A new invitation for a name that has no account yet; the older ones end."""
        _check("name", person_name, name)
        if await self.exists(name):
            raise Conflict(
                N_("“%(name)s” has an account already. A new password comes from “reset password”."), name=name
            )
        await self._end_invitations(name)
        return self.invitation(await self._server.invite(name))

    async def reset(self, name: str) -> dict[str, Any]:
        """End the password and every session; the answer's link lets the person choose a new password."""
        await self._must_exist(name)
        await self.log_out(name)
        return self.invitation(await self._server.reset(name))

    async def make_or_reset(self, name: str, secret: str) -> None:
        """An account with this password, whether it is new or left from an earlier try."""
        if await self.exists(name):
            await self._server.set_password(name, secret)
        else:
            await self._server.register(name, secret)

    async def set_disabled(self, name: str, disabled: bool) -> None:
        """Shut a person out, with everything kept, or let them in again."""
        await self._must_exist(name)
        if disabled:
            _keep_an_admin(self._owner.settings, name)
            await self._server.disable(name)
            self._sessions.close_all(name)
        else:
            await self._server.enable(name)

    async def set_role(self, name: str, role: str) -> None:
        """Make a person an admin, or a member."""

        def change(settings: Settings) -> Settings:
            others = tuple(admin for admin in settings.people.admins if admin != name)
            if role == "member":
                _keep_an_admin(settings, name)
            admins = (*others, name) if role == "admin" else others
            return settings.model_copy(update={"people": settings.people.model_copy(update={"admins": admins})})

        if self.role(name) != role:
            await self._owner.change(change)

    async def delete(self, name: str) -> None:
        """Remove the account with everything it holds, and its invitations."""
        await self.one(name)
        _keep_an_admin(self._owner.settings, name)
        await self.set_role(name, "member")
        await self._end_invitations(name)
        if await self.exists(name):
            await self._server.delete(name)
        self._sessions.close_all(name)

    async def log_out(self, name: str) -> None:
        """End every session of a person, here and in the chat."""
        self._sessions.close_all(name)
        if await self.exists(name):
            await self._server.end_sessions(name)

    async def log_in(self, name: str, secret: str) -> None:
        """Check a password. Raises `Denied` in the same words whatever is wrong."""
        try:
            right = await self._server.check_password(person_name(name), secret)
        except ValueError as error:
            if isinstance(error, ParlorError):
                raise
            right = False
        if not right:
            raise Denied(N_("Name or password is wrong."))

    async def change_password(self, name: str, old: str, new: str) -> None:
        """A person's own new password; ends the chat sessions that used the old one."""
        await self.log_in(name, old)
        _check("new", password, new)
        await self._server.set_password(name, new)
        await self._server.end_sessions(name)

    async def find_invitation(self, token: str) -> dict[str, Any]:
        """What an invitation's link stands for. Raises `Missing` or `Expired`."""
        return self.invitation(await self._server.find_invitation(token))

    async def redeem(self, token: str, secret: str) -> dict[str, Any]:
        """Use an invitation up: the account is made, or the new password set."""
        _check("password", password, secret)
        name = await self._server.redeem(token, secret)
        if await self._server.exists(name):
            self._sessions.close_all(name)
        return {"name": name, "jid": self.jid(name)}

    def invitation(self, invitation: Invitation) -> dict[str, Any]:
        """INVITATION as the API shows it."""
        path = f"/invite/{invitation.token}"
        return {
            "kind": invitation.kind,
            "name": invitation.name,
            "jid": self.jid(invitation.name),
            "token": invitation.token,
            "uri": invitation.uri,
            "path": path,
            "link": f"https://{self._owner.settings.domain.name}{path}",
            "expires": invitation.expires,
        }

    def _document(self, name: str, account: Account | None, invitation: Invitation | None) -> dict[str, Any]:
        state = "invited" if account is None else "disabled" if account.disabled else "active"
        return {
            "name": name,
            "jid": self.jid(name),
            "role": self.role(name),
            "state": state,
            "last_seen": account.last_seen if account else None,
            "invitation": self.invitation(invitation) if invitation and not account else None,
        }

    async def _must_exist(self, name: str) -> None:
        if not await self.exists(name):
            raise Missing(N_("There is nobody called “%(name)s” here."), name=name)

    async def _end_invitations(self, name: str) -> None:
        for invitation in await self._server.invitations():
            if invitation.name == name:
                await self._server.revoke(invitation.token)


def _keep_an_admin(settings: Settings, name: str) -> None:
    if settings.people.admins == (name,):
        raise Conflict(N_("“%(name)s” is the only admin. Make somebody else an admin first."), name=name)


def _check(key: str, rule: Callable[[str], str], value: str) -> None:
    try:
        rule(value)
    except ValueError as error:
        problem = problem_of(key, error)
        raise Invalid(problem.template, (problem,), **problem.params) from None
