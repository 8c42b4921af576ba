"""The box behind the fake core: what `docs/api.md` promises, with accounts and jobs in memory."""

import secrets
import time
from collections.abc import Callable
from typing import Any

from appliance import fields, services, setup
from appliance.answers import problem_document
from appliance.model import Conflict, Denied, Expired, Invalid, LoggedOut, Missing, ParlorError, TooMany
from appliance.settings import N_, Problem, Settings, password, person_name
from tests.unit.web_setup.fake_rooms import FakeRooms
from tests.unit.web_setup.fake_update import FakeUpdate

STEPS = ("Start the chat server and the rooms", "Make the admin's account", "Invite the people", "Open the doors")
LABELS = {service.name: service.label for service in services.load()}
_DAY_S = 86400


class NoSuchCall(Exception):
    """The API has no such call."""


class FakeBox:
    """State of a box, and the answer to each call."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.code = "K7QM4TXP"
        self.wrong_codes = 0
        self.sessions: dict[str, str] = {}  # token → name, "" for a setup
        self.draft: dict[str, Any] = {}
        self.job: dict[str, Any] | None = None
        self.setup_failure: ParlorError | None = None
        self.job_turns = 1  # how often a job is looked at before it is done
        self.people: dict[str, dict[str, Any]] = {}
        self.passwords: dict[str, str] = {}
        self.invitations: dict[str, dict[str, Any]] = {}
        self.provisioning_error = ""
        self.settings_problem = ""
        self.retry_s = 0
        self.notices: list[dict[str, Any]] = []
        self.erased = False
        self.update = FakeUpdate()
        self.rooms = FakeRooms()
        self.last_good: dict[str, Any] | None = None
        self.broken: dict[str, str] = {}  # service → detail

    # -- what tests set up

    def claim(self, domain: str = "example.org") -> None:
        """Make the box somebody's: ann is its admin, bob a member, cleo invited."""
        document: dict[str, Any] = {"domain": {"kind": "own", "name": domain}, "admin": {"name": "ann"}}
        self.settings = setup.settings_of(setup.parse(document), self.settings).model_copy(update={"claimed": True})
        self._account("ann", "correct horse", "admin")
        self._account("bob", "battery staple", "member")
        self.invite("cleo")

    def end_sessions(self, name: str) -> None:
        """What a restart, a log-out elsewhere or a newer claim does."""
        self.sessions = {token: who for token, who in self.sessions.items() if who != name}

    def invite(self, name: str, kind: str = "account") -> dict[str, Any]:
        """A new invitation; the older ones of the name end."""
        self.invitations = {token: i for token, i in self.invitations.items() if i["name"] != name}
        token, domain = secrets.token_urlsafe(9), self.settings.domain.name
        self.invitations[token] = {
            "kind": kind,
            "name": name,
            "jid": f"{name}@{domain}",
            "token": token,
            "uri": f"xmpp:{name}@{domain}?register;preauth={token}",
            "path": f"/invite/{token}",
            "link": f"https://{domain}/invite/{token}",
            "expires": int(time.time()) + 5 * _DAY_S,
        }
        if name not in self.people:
            self.people[name] = {"role": "member", "state": "invited", "last_seen": None}
        return self.invitations[token]

    # -- the calls

    def answer(self, method: str, parts: tuple[str, ...], token: str, body: dict[str, Any]) -> Any:
        """Answer one call. Raises `ParlorError`, and `NoSuchCall` for a call that does not exist."""
        match method, *parts:
            case "POST", "invitations", invitation, "password":
                return self._redeem(invitation, body["password"])
            case "GET", "invitations", invitation:
                return self._invitation(invitation)
            case "GET", "jobs", _:
                self._role(token, "setup", "admin")
                return self._turn()
            case "DELETE", "notices", notice:
                self._role(token, "admin")
                return self._dismiss(notice)
            case "POST", "update", what:
                self._role(token, "admin")
                return self.update.do(what, body)
            case _, "room-pass", _:
                return {"token": "t", "name": self._role(token, "admin", "member")}
            case _, "meetings" | "applications" | "recordings", *_:
                name = self._role(token, "admin", *(() if parts[0] == "applications" else ("member",)))
                return self.rooms.answer(method, parts, body, name, self.people[name]["role"] == "admin")
            case _, "people", name, *rest:
                return self._person(method, name, rest, token, body)
        call: Callable[[str, dict[str, Any]], Any] = getattr(self, "_" + "_".join((method.lower(), *parts)), _no_call)
        return call(token, body)

    def _get_box(self, _token: str, _body: dict[str, Any]) -> Any:
        box, claimed = self.settings.box, self.settings.claimed
        return {
            "name": box.name,
            "local_name": self.settings.local_name,
            "language": box.language,
            "time_zone": box.time_zone,
            "claimed": claimed,
            "domain": self.settings.domain.name if claimed else "",
            "version": "0.1",
            "provisioning_error": self.provisioning_error,
            "notices": [] if claimed else self.notices,
            "hosts": [self.settings.local_name],
        }

    def _post_claim(self, _token: str, body: dict[str, Any]) -> Any:
        if self.settings.claimed:
            raise Conflict(N_("This box has an owner already. Log in instead."))
        self._pace()
        if body["code"].upper().replace("-", "").replace(" ", "") != self.code:
            raise Denied(N_("This is not the code the box shows. Look again and type it as you see it."))
        if self.code == "EXPIRED2":
            raise Expired(N_("This code has ended. The box shows a new one; use that."))
        self.end_sessions("")
        return {"token": self._open("")}

    def _get_setup(self, token: str, _body: dict[str, Any]) -> Any:
        self._role(token, "setup")
        return {"draft": self.draft, "job": self._turn() if self.job else None}

    def _put_setup_draft(self, token: str, body: dict[str, Any]) -> Any:
        self._role(token, "setup")
        self.draft = self.draft | body
        try:
            setup.parse(self.draft)
        except Invalid as error:
            found = [p for p in error.problems if p.key.partition(".")[0] in self.draft]
            return {"draft": self.draft, "problems": [problem_document(problem) for problem in found]}
        return {"draft": self.draft, "problems": []}

    def _post_setup(self, token: str, body: dict[str, Any]) -> Any:
        self._role(token, "setup")
        wanted = setup.parse(body)
        if self.job and self.job["state"] == "running":
            return self.job
        self.job = self._new_job(STEPS, lambda: self._finish(wanted))
        return self.job

    def _finish(self, wanted: setup.Setup) -> dict[str, Any]:
        if self.setup_failure:
            raise self.setup_failure
        self.settings = setup.settings_of(wanted, self.settings).model_copy(update={"claimed": True})
        name, secret = wanted.admin.name, wanted.admin.password
        self._account(name, secret.get_secret_value() if secret else "", "admin")
        jid = f"{name}@{self.settings.domain.name}"
        invitations = [self.invite(person) for person in wanted.people]
        return {"domain": self.settings.domain.name, "admin": {"name": name, "jid": jid}, "invitations": invitations}

    def _dismiss(self, notice: str) -> dict[str, Any]:
        left = [each for each in self.notices if each["id"] != notice]
        if left == self.notices:
            raise Missing(N_("There is no such message."))
        self.notices = left
        return {}

    def _post_sessions(self, _token: str, body: dict[str, Any]) -> Any:
        self._pace()
        name = body["name"]
        if not body["password"] or self.passwords.get(name) != body["password"]:
            raise Denied(N_("Name or password is wrong."))
        return {"token": self._open(name), **self._me(name)}

    def _get_session(self, token: str, _body: dict[str, Any]) -> Any:
        return self._me(self._role(token, "member", "admin"))

    def _delete_session(self, token: str, _body: dict[str, Any]) -> Any:
        self._role(token, "member", "admin")
        del self.sessions[token]
        return {}

    def _post_session_password(self, token: str, body: dict[str, Any]) -> Any:
        name = self._role(token, "member", "admin")
        if self.passwords[name] != body["old"]:
            raise Denied(N_("Name or password is wrong."))
        _check("new", password, body["new"])
        self.passwords[name] = body["new"]
        return {}

    def _get_people(self, token: str, _body: dict[str, Any]) -> Any:
        self._role(token, "admin")
        return {"people": [self._document(name) for name in sorted(self.people)]}

    def _post_people(self, token: str, body: dict[str, Any]) -> Any:
        self._role(token, "admin")
        name = body["name"]
        _check("name", person_name, name)
        if name in self.people:
            raise Conflict(N_("There is already somebody called “%(name)s”."), name=name)
        if "password" in body:
            _check("password", password, body["password"])
            self._account(name, body["password"], body["role"])
        else:
            self.invite(name)
            self.people[name]["role"] = body["role"]
        return self._document(name)

    def _person(self, method: str, name: str, rest: list[str], token: str, body: dict[str, Any]) -> Any:
        if self._role(token, "member", "admin") != name or rest != ["logout"]:
            self._role(token, "admin")
        if name not in self.people:
            raise Missing(N_("There is nobody called “%(name)s” here."), name=name)
        match method, *rest:
            case ["POST", "invitation"]:
                return self.invite(name)
            case ["POST", "reset"]:
                self.end_sessions(name)
                return self.invite(name, "reset")
            case ["POST", "logout"]:
                self.end_sessions(name)
                return {}
            case ["DELETE"]:
                self._keep_an_admin(name)
                del self.people[name]
                self.end_sessions(name)
                return {}
            case ["PATCH"]:
                if body.get("disabled") or body.get("role") == "member":
                    self._keep_an_admin(name)
                if "disabled" in body:
                    self.people[name]["state"] = "disabled" if body["disabled"] else "active"
                self.people[name] |= {"role": body["role"]} if "role" in body else {}
                return self._document(name)
        raise NoSuchCall(method)

    def _get_status(self, token: str, _body: dict[str, Any]) -> Any:
        self._role(token, "admin")
        found = [
            {
                "service": name,
                "label": label,
                "state": "failed" if name in self.broken else "ok",
                "detail": self.broken.get(name, ""),
            }
            for name, label in LABELS.items()
        ]
        return {
            "version": "0.1",
            "claimed": True,
            "healthy": not self.broken,
            "settings_problem": self.settings_problem,
            "provisioning_error": self.provisioning_error,
            "notices": self.notices,
            "last_good": self.last_good,
            "disk": {"free_bytes": 21_400_000_000, "total_bytes": 31_200_000_000},
            "services": found,
        }

    def _post_reset(self, token: str, body: dict[str, Any]) -> Any:
        name = self._role(token, "admin")
        if body["name"] != self.settings.box.name:
            problem = Problem("name", N_("Type “%(name)s”, the name of this box."), {"name": self.settings.box.name})
            raise Invalid(N_("Nothing was erased."), (problem,))
        self._pace()
        if self.passwords[name] != body["password"]:
            raise Denied(N_("Name or password is wrong."))
        self.erased = True
        return {}

    def _get_update(self, token: str, _body: dict[str, Any]) -> Any:
        self._role(token, "admin")
        return self.update.document

    def _get_settings(self, token: str, _body: dict[str, Any]) -> Any:
        self._role(token, "admin")
        return {"fields": fields.describe(self.settings)}

    def _patch_settings(self, token: str, body: dict[str, Any]) -> Any:
        self._role(token, "admin")
        changed = fields.with_values(self.settings, body)

        def work() -> dict[str, Any]:
            self.settings = changed
            return {}

        self.job = self._new_job((N_("Load the new settings"),), work)
        return self.job

    # -- pieces

    def _open(self, name: str) -> str:
        token = secrets.token_urlsafe(16)
        self.sessions[token] = name
        return token

    def _role(self, token: str, *allowed: str) -> str:
        if token not in self.sessions:
            raise LoggedOut(N_("You are logged out. Log in again."))
        name = self.sessions[token]
        if ("setup" if not name else self.people[name]["role"]) not in allowed:
            raise Denied(N_("Only an admin can do this."))
        return name

    def _pace(self) -> None:
        if self.retry_s:
            raise TooMany(N_("Too many wrong tries. Wait %(retry_s)s seconds."), retry_s=self.retry_s)

    def _me(self, name: str) -> dict[str, Any]:
        return {"name": name, "role": self.people[name]["role"], "jid": f"{name}@{self.settings.domain.name}"}

    def _account(self, name: str, secret: str, role: str) -> None:
        self.people[name] = {"role": role, "state": "active", "last_seen": int(time.time()) - 3 * 3600}
        self.passwords[name] = secret

    def _document(self, name: str) -> dict[str, Any]:
        live = next((i for i in self.invitations.values() if i["name"] == name and i["kind"] == "account"), None)
        shown = live if self.people[name]["state"] == "invited" else None
        return {"name": name, "jid": f"{name}@{self.settings.domain.name}", **self.people[name], "invitation": shown}

    def _keep_an_admin(self, name: str) -> None:
        if [n for n, person in self.people.items() if person["role"] == "admin"] == [name]:
            raise Conflict(N_("“%(name)s” is the only admin. Make somebody else an admin first."), name=name)

    def _invitation(self, token: str) -> dict[str, Any]:
        if token not in self.invitations:
            raise Missing(N_("This invitation does not exist."))
        if self.invitations[token]["expires"] < time.time():
            raise Expired(N_("This invitation has ended."))
        return self.invitations[token]

    def _redeem(self, token: str, secret: str) -> dict[str, Any]:
        invitation = self._invitation(token)
        _check("password", password, secret)
        del self.invitations[token]
        self._account(invitation["name"], secret, self.people[invitation["name"]]["role"])
        return {"name": invitation["name"], "jid": invitation["jid"]}

    def _new_job(self, steps: tuple[str, ...], work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        self._work, self._turns = work, self.job_turns
        waiting: list[dict[str, str]] = [{"name": step, "state": "waiting"} for step in steps]
        waiting[0]["state"] = "running"
        return {"id": secrets.token_hex(4), "state": "running", "steps": waiting, "error": None, "result": {}}

    def _turn(self) -> dict[str, Any]:
        """Look at the job; it goes on a little each time."""
        if not self.job:
            raise Missing(N_("There is no such job."))
        if self.job["state"] == "running":
            self._turns -= 1
            if self._turns < 0:
                self._end_job(self.job)
        return self.job

    def _end_job(self, job: dict[str, Any]) -> None:
        try:
            job["result"], job["state"] = self._work(), "done"
        except ParlorError as error:
            job["error"], job["state"] = error_of(error), "failed"
        for step in job["steps"]:
            step["state"] = job["state"]


def error_of(error: ParlorError) -> dict[str, Any]:
    """An error as a job carries it."""
    return {
        "code": error.code,
        "message": str(error),
        "template": error.template,
        "params": error.params,
        "problems": [],
    }


def _no_call(_token: str, _body: dict[str, Any]) -> Any:
    raise NoSuchCall


def _check(key: str, rule: Callable[[str], str], value: str) -> None:
    try:
        rule(value)
    except ValueError as error:
        context: dict[str, Any] = getattr(error, "context", None) or {}
        template, params = context.get("template", str(error)), context.get("params", {})
        raise Invalid(template, (Problem(key, template, params),), **params) from None
