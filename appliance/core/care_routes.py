"""The calls of the local API about the box's own life: the factory reset, and what it has to tell its admin."""

from typing import Any

from aiohttp import web

from appliance.core.caller import Caller, Role
from appliance.core.context import CONTEXT, Context
from appliance.core.request import caller
from appliance.http_api import body, text
from appliance.model import Denied, Invalid, Missing
from appliance.settings import N_, Problem
from appliance.system import erase, notices, units

routes = web.RouteTableDef()


@routes.post("/v1/reset")
async def reset(request: web.Request) -> web.Response:
    """Erase everything people made, at the restart that follows. The box's name says that it is meant."""
    who = caller(request)
    who.must_be(Role.ADMIN, Role.ROOT)
    context, document = request.app[CONTEXT], await body(request)
    name = context.owner.settings.box.name
    if text(document, "name") != name:
        problem = Problem("name", N_("Type “%(name)s”, the name of this box."), {"name": name})
        raise Invalid(N_("Nothing was erased."), (problem,))
    if who.role is not Role.ROOT:
        await _is_really(who, context, text(document, "password"))
    erase.ask()
    await units.reboot()
    return web.json_response({}, status=202)


async def _is_really(who: Caller, context: Context, secret: str) -> None:
    """Raise `Denied` unless the password is that of who is logged in; guesses are as slow as at the login."""
    keys = (f"address {who.address}", f"name {who.name} {who.address}")
    context.login_pace.check(*keys)
    try:
        await context.people.log_in(who.name, secret)
    except Denied:
        context.login_pace.wrong(*keys)
        raise
    context.login_pace.right(*keys)


@routes.delete("/v1/notices/{id}")
async def dismiss(request: web.Request) -> web.Response:
    """The admin has seen it."""
    caller(request).must_be(Role.ADMIN, Role.ROOT)
    if not notices.dismiss(request.match_info["id"]):
        raise Missing(N_("There is no such message."))
    return web.json_response({})


def notice_documents() -> list[dict[str, Any]]:
    """NOTICE as the API shows it, oldest first."""
    return [
        {
            "id": each.id,
            "code": each.code,
            "at": each.at,
            "message": each.message,
            "template": each.template,
            "params": each.params,
        }
        for each in notices.load()
    ]
