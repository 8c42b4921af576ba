"""Who calls: the kernel's word on the peer (SO_PEERCRED), and what its token stands for."""

import pwd
import socket
import struct
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web

from appliance.core.people import People
from appliance.core.sessions import Sessions
from appliance.model import Denied, LoggedOut, ParlorError
from appliance.settings import N_

PORTAL_USER = "parlor-portal"


class Role(StrEnum):
    """What a caller may do; see the table in `docs/api.md`."""

    ANONYMOUS = "anonymous"
    SETUP = "setup"
    MEMBER = "member"
    ADMIN = "admin"
    ROOT = "root"


@dataclass(frozen=True)
class Caller:
    """One request's caller. `name` is the person logged in, `address` where the browser sits."""

    role: Role
    name: str = ""
    token: str = ""
    address: str = ""

    def must_be(self, *roles: Role) -> None:
        """Raise `LoggedOut` for a caller that is nobody yet, `Denied` for one that may not."""
        if self.role in roles:
            return
        if self.role is Role.ANONYMOUS:
            raise LoggedOut(N_("You are logged out. Log in again."))
        raise Denied(N_("Only an admin can do this."))


def identify(request: web.Request, sessions: Sessions, people: People) -> Caller:
    """The caller of a request. Raises `Denied` for a user of the system that has no business here."""
    uid = _peer_uid(request)
    if uid == 0:
        return Caller(Role.ROOT)
    if uid != pwd.getpwnam(PORTAL_USER).pw_uid:
        raise Denied(N_("This program may not talk to the core."))
    address = request.headers.get("X-Client-Address", "")[:64]
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    try:
        session = sessions.find(token)
    except LoggedOut:
        return Caller(Role.ANONYMOUS, address=address)
    if not session.name:
        return Caller(Role.SETUP, token=token, address=address)
    return Caller(Role(people.role(session.name)), session.name, token, address)


def _peer_uid(request: web.Request) -> int:
    peer: socket.socket | None = request.transport.get_extra_info("socket") if request.transport else None
    if peer is None:
        raise ParlorError(N_("The caller is gone."))
    _pid, uid, _gid = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return int(uid)
