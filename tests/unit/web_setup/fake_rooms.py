"""The meetings, applications and recordings of the fake box, as `docs/api.md` has them."""

import secrets
from collections.abc import Sequence
from typing import Any

from appliance.model import Conflict, Invalid, Missing
from appliance.rooms.meetings import Wish, parse
from appliance.settings import N_, Problem


class FakeRooms:
    """What the calls below /v1/meetings, /v1/applications and /v1/recordings work on."""

    def __init__(self) -> None:
        self.meetings: dict[str, dict[str, Any]] = {}
        self.applications: list[dict[str, Any]] = []
        self.recordings: list[dict[str, Any]] = []
        self.ended: list[str] = []
        self.inside: dict[str, list[str]] = {}  # names of who is in which meeting
        self.is_full = False

    def make(self, title: str = "Family <talk>", **more: Any) -> dict[str, Any]:
        """A meeting."""
        name = f"abcd-efgh-{len(self.meetings):04d}"
        times = {"starts": None, "ends": None, "made": 1_790_000_000}
        fixed = {"name": name, "title": title, "link": f"https://example.org/r/{name}", "owner": "bob"}
        self.meetings[name] = (
            fixed | {"application": "", "waiting": False, "encrypted": False, "people": 0} | times | more
        )
        return self.meetings[name]

    def answer(
        self, method: str, parts: Sequence[str], body: dict[str, Any], person: str = "bob", is_admin: bool = False
    ) -> Any:
        """Answer one call in a person's name."""
        kind, *rest = parts
        if kind == "meetings":
            if rest and not (is_admin or self._meeting(rest[0])["owner"] == person):
                raise Missing(N_("There is no such meeting."))
            return self._of_meetings(method, rest, body, person, is_admin)
        identity = rest[0] if rest else ""
        if kind == "recordings":
            self.recordings = [each for each in self.recordings if each["id"] != identity]
            return {"recordings": self.recordings}
        if method == "POST":
            if not 0 < len(body["name"]) <= 80 or not body["name"].isprintable():
                problem = Problem("name", N_("A name is one line of 1 to 80 characters."), {})
                raise Invalid(N_("These values do not fit."), (problem,))
            made = {"id": secrets.token_hex(4), "name": body["name"], "made": 1_790_000_000}
            self.applications.append(made)
            return made | {"key": "parlor_KEY"}
        self.applications = [each for each in self.applications if each["id"] != identity]
        return {"applications": self.applications}

    def _of_meetings(self, method: str, rest: Sequence[str], body: dict[str, Any], person: str, is_admin: bool) -> Any:
        match method, *rest:
            case ("GET",):
                home = {"name": "home", "title": "Home", "link": "https://example.org/r/home"}
                mine = [self._meeting(name) for name, m in self.meetings.items() if is_admin or m["owner"] == person]
                return {"meetings": mine, "always": [home]}
            case ("POST",):
                if self.is_full:
                    raise Conflict(N_("There are too many meetings. Delete some that are over."))
                return self.make(owner=person, **parse(Wish, body).model_dump(exclude_unset=True))
            case "PATCH", name:
                self.meetings[name] |= parse(Wish, body).model_dump(exclude_unset=True)
                return self._meeting(name)
            case "GET", name, "people":
                return {"people": [{"name": each, "role": "guest"} for each in self.inside.get(name, [])]}
            case "POST", name, "end":
                self.ended.append(name)
                return self._meeting(name)
            case "DELETE", name:
                return self.meetings.pop(self._meeting(name)["name"])
            case _, name, *_:
                return self._meeting(name)
        raise AssertionError(method)

    def _meeting(self, name: str) -> dict[str, Any]:
        if name not in self.meetings:
            raise Missing(N_("There is no such meeting."))
        return self.meetings[name] | ({"people": len(self.inside[name])} if name in self.inside else {})
