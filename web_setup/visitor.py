"""Who is looking at the page: their session with the core, their role, and the box they see."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import g, request, session

from appliance.client import Client
from appliance.model import LoggedOut, ParlorError
from appliance.settings import N_
from web_setup import config

SETUP = "setup"  # the session of somebody who entered the claim code
PERSON = "person"  # the session of somebody who logged in


@dataclass(frozen=True)
class Box:
    """`GET /v1/box`: what anybody may know of the box."""

    name: str
    local_name: str
    language: str
    time_zone: str
    claimed: bool
    domain: str
    version: str
    provisioning_error: Any
    notices: Any  # what a box without an owner has to say


@dataclass(frozen=True)
class Person:
    """`GET /v1/session`: who is logged in."""

    name: str
    role: str
    jid: str

    @property
    def is_admin(self) -> bool:
        """Whether this person runs the box."""
        return self.role == "admin"


def core() -> Client:
    """The core, asked with the token of this browser's session and on behalf of its address."""
    return Client(config.current().core_socket, session.get("token", ""), request.remote_addr or "")


def path_of(*parts: str) -> str:
    """A path of the local API whose parts may hold anything: names and tokens come from people."""
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


def box() -> Box:
    """The box, asked once a request. Raises `Unavailable`."""
    if "box" not in g:
        document = core().call("GET", "/v1/box", timeout_s=10)
        g.box = _box(document)
    found: Box = g.box
    return found


def _box(document: dict[str, Any]) -> Box:
    return Box(
        document["name"],
        document["local_name"],
        document["language"],
        document["time_zone"],
        document["claimed"],
        document["domain"],
        document["version"],
        document["provisioning_error"],
        document["notices"],
    )


def box_or_none() -> Box | None:
    """The box, or nothing when the core does not answer: for error pages."""
    if "box_missing" in g:
        return None
    try:
        return box()
    except ParlorError:
        g.box_missing = True
        return None


def person() -> Person:
    """Who is logged in, asked once a request, so that a changed role counts at once. Raises `LoggedOut`."""
    if session.get("kind") != PERSON:
        raise LoggedOut(N_("Please log in."))
    if "person" not in g:
        document = core().call("GET", "/v1/session")
        g.person = Person(document["name"], document["role"], document["jid"])
    found: Person = g.person
    return found


def known_person() -> Person | None:
    """Who is logged in as far as this request has asked already: for headers and menus."""
    found: Person | None = g.get("person")
    return found


def begin_session(kind: str, token: str) -> None:
    """Start a new session for a new role: nothing of the old one stays, its CSRF token neither."""
    session.clear()
    session["kind"] = kind
    session["token"] = token
    session.permanent = True


def end_session() -> None:
    """Forget who this browser was."""
    session.clear()
    g.pop("person", None)
