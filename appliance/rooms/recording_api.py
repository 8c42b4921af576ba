"""Recordings over the core's API (`docs/api.md`, Recordings)."""

import asyncio

from aiohttp import web

from appliance.model import Conflict, Missing
from appliance.rooms.asker import Asker, by_core
from appliance.rooms.recordings import Recording, RecordingStore, State
from appliance.settings import N_


class RecordingApi:
    """The calls, for whoever the core says asks."""

    def __init__(self, store: RecordingStore) -> None:
        self._store = store

    def routes(self) -> list[web.RouteDef]:
        """What to mount."""
        return [
            web.get("/v1/recordings", self.list),
            web.get("/v1/recordings/{id}/file", self.file),
            web.delete("/v1/recordings/{id}", self.delete),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """Those that the asker may see."""
        asker = by_core(request)
        found = await asyncio.to_thread(self._store.all)
        mine = [each.document(self._store.folder) for each in found if _may_see(asker, each)]
        return web.json_response({"recordings": mine})

    async def file(self, request: web.Request) -> web.StreamResponse:
        """The film, or a part of it (RFC 9110, section 14)."""
        path = self._store.film(self._find(request))
        return web.FileResponse(path, headers={"Content-Type": "video/webm"})

    async def delete(self, request: web.Request) -> web.Response:
        """Away with one."""
        recording = self._find(request)
        if recording.state is State.RECORDING:
            raise Conflict(N_("This is being recorded now. End the recording first."))
        await asyncio.to_thread(self._store.delete, recording)
        return web.json_response({})

    def _find(self, request: web.Request) -> Recording:
        recording = self._store.find(request.match_info["id"])
        if not _may_see(by_core(request), recording):
            raise Missing(N_("There is no such recording."))
        return recording


def _may_see(asker: Asker, recording: Recording) -> bool:
    return asker.is_admin or asker.person in recording.people
