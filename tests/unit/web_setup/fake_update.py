"""The updates of the fake box: UPDATE of `docs/api.md`, which tests change as they like."""

from typing import Any

from appliance.model import Conflict
from appliance.settings import N_

REASON = {"template": "A message does not arrive: %(why)s", "params": {"why": "<silence>"}, "message": ""}
AVAILABLE = {"version": "2.0.0", "size": 289_000_000, "changes": {"en": ["Calls <work>"], "de": ["Anrufe gehen"]}}


class FakeUpdate:
    """What the calls below /v1/update work on; `asked` is what they were told."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.document: dict[str, Any] = {
            "version": "1.0.0",
            "slot": "A",
            "other": {"slot": "B", "version": "0.9.0", "good": True},
            "state": "idle",
            "unable": None,
            "channel": "stable",
            "automatic": True,
            "server": "https://updates.example.org",
            "available": None,
            "checked": None,
            "check_problem": None,
            "installing": None,
            "progress": None,
            "last": None,
            "window": {"from": 3, "to": 5, "time_zone": "Europe/Madrid", "next": 1_800_000_000},
            "in_call": False,
            "job": None,
        }

    def found(self) -> None:
        """A newer version is there."""
        self.document |= {"available": AVAILABLE, "checked": 1_800_000_000}

    def waits(self) -> None:
        """A newer version is written."""
        self.document |= {"state": "waiting", "last": self.attempt("installed")}

    def attempt(self, outcome: str, **more: Any) -> dict[str, Any]:
        """An ATTEMPT at 2.0.0."""
        times = {"started": 1_790_000_000, "ended": 1_790_000_600}
        shared = {"version": "2.0.0", "old_version": "1.0.0", "automatic": False, "reason": None}
        return shared | times | {"outcome": outcome} | more

    def do(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        """Answer a POST."""
        self.asked.append((what, body))
        if what in ("restart", "cancel") and self.document["state"] != "waiting":
            raise Conflict(N_("There is no new version that waits for a restart."))
        if what == "restart" and self.document["in_call"] and not body.get("even_in_call"):
            raise Conflict(N_("Somebody is in a call. Wait until it has ended, or restart anyway."))
        if what == "check":
            self.document["state"] = "checking"
        if what == "install":
            self.document |= {"state": "installing", "installing": {"version": "2.0.0", "changes": []}}
        return {}
