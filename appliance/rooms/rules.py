"""Which room a name stands for, and what somebody is in it. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from appliance.rooms.config import Config
from appliance.rooms.messages import Hello, visible_name
from appliance.rooms.room import Rules
from appliance.rooms.tokens import BadToken, ExpiredToken, Token, verify
from appliance.rooms.visitor import Newcomer, Role
from appliance.rooms.words import Why
from appliance.settings import Guests

MeetingRules = Callable[[str], Rules | None]  # of a meeting's name


class Refused(Exception):
    """Somebody does not come in."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Registry:
    """All rooms: those that are always there, and the meetings."""

    config: Config
    meetings: MeetingRules = lambda _name: None

    def rules(self, name: str) -> Rules | None:
        """The rules of a room; nothing if there is no such room."""
        rooms = self.config.rooms
        if name not in rooms.names:
            return self.meetings(name)
        return Rules(
            name,
            name.replace("-", " ").capitalize(),
            guests=rooms.guests,
            members_are_hosts=True,
            may_record=rooms.recording,
            max_people=rooms.max_people,
            max_viewers=rooms.max_viewers,
        )

    def newcomer(self, hello: Hello, rules: Rules, address: str, now: float) -> Newcomer:
        """Who says hello. Raises `Refused`."""
        token = _token(hello, rules, self.config.key, now)
        try:
            name = visible_name((token.name if token else "") or hello.name)
        except ValueError:
            raise Refused(Why.NAME) from None
        return Newcomer(
            name=name,
            role=_role(token, rules),
            browser=hello.browser,
            address=address,
            person=token.person if token else "",
            token=token.id if token else "",
            check=hello.check,
            public=hello.public,
        )


def _token(hello: Hello, rules: Rules, key: bytes, now: float) -> Token | None:
    if not hello.token:
        return None
    try:
        token = verify(hello.token, key, now)
    except ExpiredToken:
        raise Refused(Why.EXPIRED) from None
    except BadToken:
        raise Refused(Why.TOKEN) from None
    if token.room != rules.name:
        raise Refused(Why.OTHER_ROOM)
    return token


def _role(token: Token | None, rules: Rules) -> Role:
    if token is None:
        return Role.GUEST
    if token.person and (rules.members_are_hosts or token.person == rules.owner):
        return Role.VIEWER if token.role == "viewer" else Role.HOST
    return Role(token.role)


def guests_of_meeting(waiting: bool) -> Guests:
    """Who has a meeting's link is meant to come: after the door where there is one."""
    return Guests.WAIT if waiting else Guests.WALK_IN
