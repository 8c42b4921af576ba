"""Answers for the polling module (static/poll.js): a piece of a page, or the word where to go next."""

from werkzeug.wrappers import Response


def go(path: str) -> Response:
    """Nothing more to watch here: the module opens `path`, a path of this site."""
    return Response(status=204, headers={"X-Parlor-Go": path})
