"""Takes a message of the overview away, once the admin has seen it."""

import contextlib

from flask import redirect, url_for
from werkzeug.wrappers import Response

from appliance.model import Missing
from web_setup import visitor
from web_setup.page import Access, Page

page = Page(__name__, Access.ADMIN, "/notices/<identity>")


@page.post("/dismiss")
def dismiss(identity: str) -> Response:
    """Seen; who clicks twice, or after another admin, is not told off."""
    with contextlib.suppress(Missing):
        visitor.core().call("DELETE", visitor.path_of("notices", identity))
    return redirect(url_for("dashboard.show"), 303)
