"""A doctor's practice with video visits in rooms of a Parlor box: an example of the meeting API and of `<parlor-room>`.

    BOX=https://example.org KEY=parlor_… DOCTOR_PASSWORD=… flask --app practice run

The key stays here, on the practice's own server. Appointments are kept in memory: a real practice has a database.
"""

import hmac
import json
import os
import secrets
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, abort, redirect, render_template, request, session, url_for

BOX = os.environ["BOX"].rstrip("/")
WAIT_S = 10
TOKEN_S = 4 * 3600

app = Flask(__name__)
app.config.update(SECRET_KEY=secrets.token_bytes(32), SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax")


@dataclass
class Visit:
    """One appointment: `secret` is the patient's own address, `room` the meeting on the box."""

    patient: str
    time: str
    room: str
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(16))


visits: dict[str, Visit] = {}


class BoxError(Exception):
    """The box refused, or does not answer; the text is for the practice."""


def ask(method: str, path: str, document: dict[str, Any] | None = None) -> Any:
    """A call of the meeting API (docs/api.md, Meetings). Raises `BoxError`."""
    wanted = urllib.request.Request(f"{BOX}/rooms/api/v1{path}", method=method)  # noqa: S310 (our own box)
    wanted.add_header("Authorization", f"Bearer {os.environ['KEY']}")
    body = json.dumps(document).encode() if document is not None else None
    trust = ssl.create_default_context(cafile=os.environ.get("BOX_CA"))
    try:
        with urllib.request.urlopen(wanted, body, timeout=WAIT_S, context=trust) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise BoxError(json.load(error)["error"]["message"]) from error
    except (OSError, ValueError) as error:
        raise BoxError("The box does not answer.") from error


def token(visit: Visit, role: str, name: str) -> str:
    """A token with which somebody enters a visit's room."""
    wish = {"role": role, "name": name, "expires_s": TOKEN_S}
    return str(ask("POST", f"/meetings/{visit.room}/tokens", wish)["token"])


@app.get("/")
def start() -> str:
    """Book an appointment."""
    return render_template("start.html")


@app.post("/book")
def book() -> Response:
    """Make the meeting; the patient gets a page of their own."""
    patient, time = request.form["name"].strip()[:60] or abort(400), request.form["time"][:20]
    room = ask("POST", "/meetings", {"title": "Visit", "waiting": True})["name"]
    visit = Visit(patient, time, room)
    visits[visit.secret] = visit
    return redirect(url_for("patient", secret=visit.secret), 303)  # type: ignore[return-value]


@app.get("/visit/<secret>")
def patient(secret: str) -> str:
    """The patient's page: it waits at the door until the doctor admits."""
    visit = visits.get(secret) or abort(404)
    return render_template("visit.html", box=BOX, visit=visit, token=token(visit, "guest", visit.patient))


@app.route("/doctor", methods=["GET", "POST"])
def doctor() -> str:
    """The doctor's list, after the password."""
    if request.method == "POST":
        given = request.form.get("password", "").encode()
        session["doctor"] = hmac.compare_digest(given, os.environ["DOCTOR_PASSWORD"].encode())
    if not session.get("doctor"):
        return render_template("login.html", wrong=request.method == "POST")
    return render_template("doctor.html", visits=visits.values())


@app.get("/doctor/<secret>")
def see(secret: str) -> str:
    """The doctor's side of a visit, as its host."""
    visit = _of_doctor(secret)
    return render_template("see.html", box=BOX, visit=visit, token=token(visit, "host", "Dr Ada"))


@app.post("/doctor/<secret>/end")
def end(secret: str) -> Response:
    """Everybody home."""
    visit = _of_doctor(secret)
    ask("POST", f"/meetings/{visit.room}/end")
    return redirect(url_for("doctor"), 303)  # type: ignore[return-value]


def _of_doctor(secret: str) -> Visit:
    if not session.get("doctor"):
        abort(403)
    return visits.get(secret) or abort(404)


@app.errorhandler(BoxError)
def refused(error: BoxError) -> tuple[str, int]:
    """Say what the box said."""
    return render_template("trouble.html", why=str(error)), 502


@app.after_request
def protect(response: Response) -> Response:
    """Only the box's element and its frame may come from elsewhere."""
    sources = f"script-src 'self' {BOX}; frame-src {BOX}; style-src 'self'; connect-src 'self'"
    response.headers["Content-Security-Policy"] = f"default-src 'none'; {sources}; form-action 'self'; base-uri 'none'"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
