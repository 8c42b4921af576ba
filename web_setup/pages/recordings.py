"""Recordings of rooms: what there is, played, saved, deleted."""

from typing import Any

from flask import Response as FlaskResponse
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from appliance.model import Conflict
from web_setup import visitor
from web_setup.page import Access, Page

page = Page(__name__, Access.PERSON, "/recordings")

_CARRIED = ("Content-Type", "Content-Length", "Content-Range", "Accept-Ranges")


@page.get("")
def show() -> str:
    """All that this person may see."""
    return render_template("recordings.html", recordings=_all(), me=visitor.person())


@page.get("/<identity>/file")
def file(identity: str) -> FlaskResponse:
    """The film, for the player on the page or to be saved."""
    stream = visitor.core().stream(visitor.path_of("recordings", identity, "file"), request.headers.get("Range", ""))
    headers = {name: stream.headers[name] for name in _CARRIED if name in stream.headers}
    if "save" in request.args:
        headers["Content-Disposition"] = f'attachment; filename="{identity}.webm"'
    answer = FlaskResponse(stream, status=stream.status, headers=headers)
    answer.call_on_close(stream.close)
    return answer


@page.post("/<identity>/delete")
def delete(identity: str) -> Response:
    """Away with it."""
    try:
        visitor.core().call("DELETE", visitor.path_of("recordings", identity))
    except Conflict as error:
        flash(str(error), "error")
    else:
        flash(gettext("The recording is deleted."), "ok")
    return redirect(url_for("recordings.show"), 303)


def _all() -> Any:
    return visitor.core().call("GET", "/v1/recordings")["recordings"]
