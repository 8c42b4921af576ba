"""JSON over HTTP between the box's own programs: reading a body with honest errors, and writing errors as answers."""

import json
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from appliance.answers import error_document
from appliance.model import Invalid, Missing, ParlorError, Unavailable
from appliance.settings import N_, Problem

log = logging.getLogger(__name__)

LARGEST_BODY = 256 * 1024  # bytes


async def body(request: web.Request) -> dict[str, Any]:
    """The JSON object sent. Raises `Invalid`."""
    try:
        document = json.loads(await request.text())
    except (ValueError, web.HTTPRequestEntityTooLarge):
        raise Invalid(N_("The request is not JSON, or too large.")) from None
    if not isinstance(document, dict):
        raise Invalid(N_("The request must be a JSON object."))
    return document


def text(document: dict[str, Any], key: str) -> str:
    """A text of the body. Raises `Invalid`."""
    value = document.get(key)
    if not isinstance(value, str):
        raise Invalid(N_("This is missing."), (Problem(key, N_("This is missing."), {}),))
    return value


@web.middleware
async def errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn what a call raises into an error answer; the unexpected gets an id that is also in the journal."""
    try:
        return await handler(request)
    except ParlorError as error:
        return _answer(error)
    except web.HTTPException as error:
        return _answer(Missing(N_("There is no such call.")), error.status)
    except OSError as error:
        log.exception(
            "%s %s", request.method, request.match_info.route.resource and request.match_info.route.resource.canonical
        )
        return _answer(Unavailable(N_("A part of the box does not answer: %(why)s"), why=type(error).__name__))
    except Exception:  # the outermost frame of a request
        mark = secrets.token_hex(4)
        log.exception("error %s", mark)
        return _answer(
            ParlorError(N_("Something went wrong inside the box. Its journal has the details under %(id)s."), id=mark)
        )


def _answer(error: ParlorError, status: int | None = None) -> web.Response:
    return web.json_response({"error": error_document(error)}, status=status or error.status)
