"""Passes the calls about meetings and recordings on to the rooms' daemon, and says who asks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from appliance.core.caller import Role
from appliance.core.context import CONTEXT
from appliance.core.request import caller
from appliance.model import ROOMS_INNER_SOCKET, Conflict, Unavailable
from appliance.settings import N_

WAIT_S = 20.0
CHUNK_BYTES = 64 * 1024
CARRIED = ("Content-Type", "Content-Length", "Content-Range", "Content-Disposition", "Accept-Ranges")

routes = web.RouteTableDef()


@routes.route("*", "/v1/meetings{tail:(/.*)?}")
@routes.route("*", "/v1/applications{tail:(/.*)?}")
@routes.route("*", "/v1/recordings{tail:(/.*)?}")
async def pass_on(request: web.Request) -> web.StreamResponse:
    """Ask the rooms' daemon in the caller's name."""
    who = caller(request)
    who.must_be(Role.MEMBER, Role.ADMIN, Role.ROOT)
    if not request.app[CONTEXT].owner.settings.claimed:
        raise Conflict(N_("This box has no owner yet. Set it up first."))
    headers = {"X-Parlor-Person": who.name, "X-Parlor-Role": who.role.value}
    headers |= {name: request.headers[name] for name in ("Range", "Idempotency-Key") if name in request.headers}
    async with _asked(request, headers) as answer:
        response = web.StreamResponse(status=answer.status)
        response.headers.update({name: answer.headers[name] for name in CARRIED if name in answer.headers})
        await response.prepare(request)
        async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
            await response.write(chunk)
        await response.write_eof()
        return response


@asynccontextmanager
async def _asked(request: web.Request, headers: dict[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=WAIT_S, sock_read=WAIT_S)
    connector = aiohttp.UnixConnector(str(ROOMS_INNER_SOCKET))
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False) as session:
        try:
            body = await request.read()
            url = f"http://rooms{request.rel_url}"
            answer = await session.request(request.method, url, data=body, headers=headers)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(N_("The rooms do not answer. Try again in a moment.")) from error
        async with answer:
            yield answer
