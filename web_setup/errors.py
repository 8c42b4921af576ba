"""Every error as a page a person can act on. What the box did wrong carries an id that is also in the journal."""

import logging
import secrets
from dataclasses import dataclass

from flask import Flask, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.sansio.response import Response as SansIOResponse
from werkzeug.wrappers import Response

from appliance.model import LoggedOut, ParlorError, TooMany
from appliance.settings import N_
from web_setup import languages, visitor

log = logging.getLogger(__name__)

Answer = Response | SansIOResponse | tuple[str, int] | tuple[str, int, dict[str, str]]


@dataclass(frozen=True)
class _Words:
    title: str
    text: str = ""


_WORDS = {
    400: _Words(N_("That did not work"), N_("The browser sent something the box does not understand.")),
    403: _Words(N_("This is not for you"), N_("Only an admin of this box may open this page.")),
    404: _Words(N_("There is nothing here"), N_("Perhaps the address was mistyped, or what was here is gone.")),
    405: _Words(N_("That is not possible here"), N_("Go back and use the buttons of the page.")),
    409: _Words(N_("That has changed in the meantime")),
    410: _Words(N_("This has ended")),
    413: _Words(
        N_("That is too much at once"), N_("What you sent is longer than the box accepts. Go back and shorten it.")
    ),
    422: _Words(N_("That does not fit")),
    429: _Words(N_("Please wait a moment")),
    500: _Words(
        N_("Something went wrong"), N_("It is not your fault. Try again; if it stays, tell your admin this number.")
    ),
    503: _Words(N_("The box is not ready"), N_("It may be starting. This page tries again by itself.")),
}
_FORM_EXPIRED = _Words(
    N_("This form is out of date"),
    N_("The page was open for too long, or cookies are switched off. Open it again; nothing was changed."),
)


def install(app: Flask) -> None:
    """Answer every error with a page."""
    app.register_error_handler(ParlorError, _of_core)
    app.register_error_handler(CSRFError, _of_csrf)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, _of_bug)


def _of_core(error: ParlorError) -> Answer:
    if isinstance(error, LoggedOut):
        return _logged_out(error)
    words = _WORDS.get(error.status, _WORDS[500])
    identity = _record(error) if error.status >= 500 else ""
    body, status = _page(error.status, _Words(words.title, languages.of_error(error)), identity)
    waiting = (
        {"Retry-After": str(error.params["retry_s"])}
        if isinstance(error, TooMany) and "retry_s" in error.params
        else {}
    )
    return body, status, waiting


def _logged_out(error: LoggedOut) -> Answer:
    """The core no longer knows this session: back to the front door, and back here afterwards."""
    was = session.get("kind")
    if was == visitor.SETUP:
        return _setup_elsewhere()
    visitor.end_session()
    if was == visitor.PERSON:
        flash(gettext("You were logged out. Please log in again."), "info")
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("login.show", next=back if back != "/" else None), 303)


def _setup_elsewhere() -> Answer:
    """A newer claim code was entered in another browser (or the core has restarted and asks for a code again)."""
    visitor.end_session()
    box = visitor.box_or_none()
    if box and box.claimed:
        return redirect(url_for("login.show"), 303)
    return render_template("setup/elsewhere.html"), 409


def _of_csrf(error: CSRFError) -> Answer:
    log.info("form refused at %s: %s", request.endpoint, error.description)
    return _page(400, _FORM_EXPIRED)


def _of_http(error: HTTPException) -> Answer:
    if error.response is not None:
        return error.response  # a redirect that was raised
    if error.code is None or error.code < 400:
        return error.get_response()  # the router's own redirects
    identity = _record(error) if error.code >= 500 else ""
    body, status = _page(error.code, _WORDS.get(error.code, _WORDS[400]), identity)
    allowed = {"Allow": allow} if (allow := dict(error.get_headers()).get("Allow")) else {}
    return body, status, allowed


def _of_bug(error: Exception) -> Answer:
    return _page(500, _WORDS[500], _record(error))


def _record(error: Exception) -> str:
    """Write the error to the journal under a new id. The endpoint, never the address: tokens stand in those."""
    identity = secrets.token_hex(4)
    cause = error.original_exception if isinstance(error, InternalServerError) else error
    log.error("error %s at %s %s", identity, request.method, request.endpoint, exc_info=cause)
    return identity


def _page(status: int, words: _Words, identity: str = "") -> tuple[str, int]:
    text = gettext(words.text) if words.text else ""
    page = render_template("error.html", status=status, title=gettext(words.title), text=text, identity=identity)
    return page, status
