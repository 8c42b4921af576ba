"""The calls of the local API about updates, and the proof of what runs."""

from typing import Any

from aiohttp import web

from appliance.core.caller import Role
from appliance.core.context import CONTEXT, Context
from appliance.core.request import caller
from appliance.http_api import body
from appliance.model import Denied, Invalid
from appliance.settings import N_, Problem

routes = web.RouteTableDef()


def _admin(request: web.Request) -> Context:
    caller(request).must_be(Role.ADMIN, Role.ROOT)
    return request.app[CONTEXT]


async def _body(request: web.Request) -> dict[str, Any]:
    """The JSON object sent; nothing is as good as an empty one."""
    return await body(request) if request.can_read_body else {}


@routes.get("/v1/update")
async def show(request: web.Request) -> web.Response:
    """What runs, what is new, how far it is, and what became of the last try."""
    return web.json_response(await _admin(request).updates.document())


@routes.post("/v1/update/check")
async def check(request: web.Request) -> web.Response:
    """Look for a new version."""
    return web.json_response(_admin(request).updates.check().document(), status=202)


@routes.post("/v1/update/install")
async def install(request: web.Request) -> web.Response:
    """Install what was found; root may name a file or an address instead."""
    context, document = _admin(request), await _body(request)
    source = document.get("source", "")
    if not isinstance(source, str) or len(source) > 2000:
        raise Invalid(N_("This must be a text."), (Problem("source", N_("This must be a text."), {}),))
    if source and caller(request).role is not Role.ROOT:
        raise Denied(N_("Only the box itself can install a file. Use the command: parlor update --install FILE"))
    return web.json_response((await context.updates.install(source)).document(), status=202)


@routes.post("/v1/update/restart")
async def restart(request: web.Request) -> web.Response:
    """Restart into the new version now."""
    context, document = _admin(request), await _body(request)
    even_in_call = document.get("even_in_call", False)
    if not isinstance(even_in_call, bool):
        raise Invalid(N_("This must be yes or no."), (Problem("even_in_call", N_("This must be yes or no."), {}),))
    await context.updates.restart(even_in_call)
    return web.json_response({}, status=202)


@routes.post("/v1/update/cancel")
async def cancel(request: web.Request) -> web.Response:
    """Do not start the new version that waits."""
    context = _admin(request)
    await context.updates.cancel()
    return web.json_response(await context.updates.document())


@routes.post("/v1/update/proof")
async def prove(request: web.Request) -> web.Response:
    """Use the box as people do; what asks is the confirmation of a new version."""
    caller(request).must_be(Role.ROOT)
    return web.json_response(request.app[CONTEXT].proof.begin().document(), status=202)
