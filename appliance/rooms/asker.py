"""Who asks the meeting API: a person of the box, by the core's word, or an application, by its key."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from appliance.model import Denied, LoggedOut, Missing
from appliance.rooms.meeting_store import MeetingStore
from appliance.rooms.meetings import Meeting
from appliance.settings import N_
from appliance.throttle import Throttle


@dataclass(frozen=True)
class Asker:
    """A person (`name`, perhaps an admin) or an application."""

    person: str = ""
    is_admin: bool = False
    application: str = ""

    def may_see(self, meeting: Meeting) -> bool:
        """Whether a meeting is theirs to see and change."""
        if self.application:
            return meeting.application == self.application
        return self.is_admin or (bool(self.person) and meeting.owner == self.person)

    def own(self, store: MeetingStore, name: str) -> Meeting:
        """A meeting of theirs. Raises `Missing`, also for those of others: a name is a secret."""
        meeting = store.find(name)
        if not self.may_see(meeting):
            raise Missing(N_("There is no such meeting."))
        return meeting

    def must_be_admin(self) -> None:
        """Raise `Denied` for anybody else."""
        if not self.is_admin:
            raise Denied(N_("Only an admin can do this."))


Identify = Callable[[web.Request], Asker]


def by_core(request: web.Request) -> Asker:
    """On the socket that only root reaches, the core says who asks."""
    role = request.headers.get("X-Parlor-Role", "")
    return Asker(request.headers.get("X-Parlor-Person", ""), is_admin=role in ("admin", "root"))


def by_key(store: MeetingStore, pace: Throttle) -> Identify:
    """Applications show their key. Wrong ones are slowed down by address."""

    def identify(request: web.Request) -> Asker:
        address = request.headers.get("X-Forwarded-For", "")
        pace.check(address)
        kind, _, key = request.headers.get("Authorization", "").partition(" ")
        found = store.application(key) if kind.lower() == "bearer" else None
        if found is None:
            pace.wrong(address)
            raise LoggedOut(N_("This key is not one of this box's applications. An admin makes them in the portal."))
        pace.right(address)
        return Asker(application=found.id)

    return identify
