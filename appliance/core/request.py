"""Reading a request of the core's API: its caller."""

from aiohttp import web

from appliance.core.caller import Caller, identify
from appliance.core.context import CONTEXT


def caller(request: web.Request) -> Caller:
    """Who calls. Raises `Denied` for users of the system that may not."""
    context = request.app[CONTEXT]
    return identify(request, context.sessions, context.people)
