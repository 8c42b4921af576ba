"""The call with which a page gets a person into a room."""

import time

from aiohttp import web

from appliance.core.context import CONTEXT
from appliance.core.routes import logged_in
from appliance.model import Unavailable
from appliance.rooms import tokens
from appliance.settings import N_

LIFETIME_S = 12 * 3600

routes = web.RouteTableDef()


@routes.get("/v1/room-pass/{room}")
async def room_pass(request: web.Request) -> web.Response:
    """A token that says who the person is; what that means in the room is for the room to say."""
    who = logged_in(request)
    settings = request.app[CONTEXT].owner.settings
    key = bytes.fromhex(settings.secrets.rooms.get_secret_value())
    if not key:
        raise Unavailable(N_("A part of the box does not answer: %(why)s"), why="rooms")
    room = request.match_info["room"][:64]
    expires = int(time.time()) + LIFETIME_S
    token = tokens.Token(room, "member", who.name, person=who.name, expires=expires)
    return web.json_response({"token": tokens.sign(token, key), "name": who.name})
