"""The meetings, applications and recordings of the fake box, as `docs/api.md` has them."""

import secrets
from collections.abc import Sequence
from typing import Any

from appliance.model import Invalid, Missing
from appliance.settings import N_, Problem


class FakeRooms:
    """What the calls below /v1/meetings, /v1/applications and /v1/recordings work on."""

    def __init__(self) -> None:
        self.meetings: dict[str, dict[str, Any]] = {}
        self.applications: list[dict[str, Any]] = []
        self.recordings: list[dict[str, Any]] = []
        self.ended: list[str] = []

    def make(self, title: str = "Family <talk>", **more: Any) -> dict[str, Any]:
        """A meeting."""
        name = f"abcd-efgh-{len(self.meetings):04d}"
        times = {"starts": None, "ends": None, "made": 1_790_000_000}
        fixed = {"name": name, "title": title, "link": f"https://example.org/r/{name}", "owner": "ann"}
        self.meetings[name] = (
            fixed | {"application": "", "waiting": False, "encrypted": False, "people": 0} | times | more
        )
        return self.meetings[name]

    def answer(self, method: str, parts: Sequence[str], body: dict[str, Any]) -> Any:
        """Answer one call."""
        kind, *rest = parts
        if kind == "meetings":
            return self._of_meetings(method, rest, body)
        identity = rest[0] if rest else ""
        if kind == "recordings":
            self.recordings = [each for each in self.recordings if each["id"] != identity]
            return {"recordings": self.recordings}
        if method == "POST":
            made = {"id": secrets.token_hex(4), "name": body["name"], "made": 1_790_000_000}
            self.applications.append(made)
            return made | {"key": "parlor_KEY"}
        self.applications = [each for each in self.applications if each["id"] != identity]
        return {"applications": self.applications}

    def _of_meetings(self, method: str, rest: Sequence[str], body: dict[str, Any]) -> Any:
        match method, *rest:
            case ("GET",):
                home = {"name": "home", "title": "Home", "link": "https://example.org/r/home"}
                return {"meetings": list(self.meetings.values()), "always": [home]}
            case ("POST",):
                if not body["title"]:
                    problem = Problem("title", N_("This is missing."), {})
                    raise Invalid(N_("These values do not fit."), (problem,))
                return self.make(**body)
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
        return self.meetings[name]
