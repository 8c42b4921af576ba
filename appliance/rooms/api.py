"""The meeting API (`docs/api.md`, Meetings), for the core on one socket and for applications on another."""

import time
from typing import Any, Protocol

from aiohttp import web

from appliance.http_api import body
from appliance.model import Invalid
from appliance.rooms import tokens
from appliance.rooms.asker import Asker, Identify
from appliance.rooms.config import Config
from appliance.rooms.meeting_store import MeetingStore
from appliance.rooms.meetings import Meeting, TokenWish, Wish, parse
from appliance.rooms.words import Why
from appliance.settings import N_, Problem


class Hall(Protocol):
    """What the API asks of the rooms in use."""

    def people(self, name: str) -> list[dict[str, Any]]:
        """Who is in a room."""

    async def end(self, name: str, why: str) -> None:
        """Send everybody home."""

    async def changed(self, name: str) -> None:
        """A room's rules are others now."""


class MeetingApi:
    """The calls, for whoever `identify` says asks."""

    def __init__(self, store: MeetingStore, hall: Hall, config: Config, identify: Identify) -> None:
        self._store = store
        self._hall = hall
        self._config = config
        self._identify = identify

    def routes(self) -> list[web.RouteDef]:
        """What to mount."""
        return [
            web.get("/v1/meetings", self.list),
            web.post("/v1/meetings", self.make),
            web.get("/v1/meetings/{name}", self.show),
            web.patch("/v1/meetings/{name}", self.change),
            web.delete("/v1/meetings/{name}", self.delete),
            web.post("/v1/meetings/{name}/end", self.end),
            web.get("/v1/meetings/{name}/people", self.people),
            web.post("/v1/meetings/{name}/tokens", self.token),
            web.get("/v1/applications", self.applications),
            web.post("/v1/applications", self.make_application),
            web.delete("/v1/applications/{id}", self.delete_application),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """Every meeting of theirs; and for people, the rooms that are always there."""
        asker = self._identify(request)
        mine = [meeting for meeting in self._store.meetings.values() if asker.may_see(meeting)]
        mine.sort(key=lambda meeting: (meeting.made, meeting.name), reverse=True)
        answer: dict[str, Any] = {"meetings": [self._document(meeting) for meeting in mine]}
        if not asker.application:
            answer["always"] = [self._always(name) for name in self._config.rooms.names]
        return web.json_response(answer)

    async def make(self, request: web.Request) -> web.Response:
        """A new meeting."""
        asker = self._identify(request)
        wish = parse(Wish, await body(request))
        if wish.title is None:
            raise Invalid(N_("These values do not fit."), (Problem("title", N_("This is missing."), {}),))
        repeat = request.headers.get("Idempotency-Key", "")[:128]
        meeting = await self._store.add(wish, asker.person, asker.application, repeat)
        return web.json_response(self._document(meeting), status=201)

    async def show(self, request: web.Request) -> web.Response:
        """One meeting."""
        return web.json_response(self._document(self._meeting(request)))

    async def change(self, request: web.Request) -> web.Response:
        """Other values."""
        meeting = self._meeting(request)
        wish = parse(Wish, await body(request))
        said = wish.model_dump(include={"starts", "ends"}, exclude_unset=True)
        parse(Wish, {"starts": meeting.starts, "ends": meeting.ends} | said)  # they have to fit what stays, too
        changed = await self._store.change(meeting.name, wish)
        await self._hall.changed(meeting.name)
        return web.json_response(self._document(changed))

    async def delete(self, request: web.Request) -> web.Response:
        """Away with it."""
        meeting = self._meeting(request)
        await self._store.delete(meeting.name)
        await self._hall.end(meeting.name, Why.MEETING)
        return web.json_response({})

    async def end(self, request: web.Request) -> web.Response:
        """Everybody home; the meeting stays."""
        meeting = self._meeting(request)
        await self._hall.end(meeting.name, Why.HOST)
        return web.json_response(self._document(meeting))

    async def people(self, request: web.Request) -> web.Response:
        """Who is in it now."""
        return web.json_response({"people": self._hall.people(self._meeting(request).name)})

    async def token(self, request: web.Request) -> web.Response:
        """A token for somebody."""
        meeting = self._meeting(request)
        wish = parse(TokenWish, await body(request))
        expires = int(time.time()) + wish.expires_s
        token = tokens.Token(
            meeting.name, wish.role, wish.name, application=meeting.application or "box", expires=expires
        )
        text = tokens.sign(token, self._config.key)
        link = f"{self._config.base_url}/r/{meeting.name}"
        answer = {"token": text, "link": f"{link}#t={text}", "room": meeting.name, "expires": expires}
        return web.json_response(answer, status=201)

    async def applications(self, request: web.Request) -> web.Response:
        """Every application."""
        self._identify(request).must_be_admin()
        found = sorted(self._store.applications.values(), key=lambda each: each.made)
        return web.json_response({"applications": [each.document() for each in found]})

    async def make_application(self, request: web.Request) -> web.Response:
        """A new application; the one time its key is told."""
        self._identify(request).must_be_admin()
        name = (await body(request)).get("name")
        if not isinstance(name, str) or not 0 < len(name.strip()) <= 80 or not name.isprintable():
            problem = Problem("name", N_("A name is one line of 1 to 80 characters."), {})
            raise Invalid(N_("These values do not fit."), (problem,))
        made, key = await self._store.add_application(name.strip())
        return web.json_response(made.document() | {"key": key}, status=201)

    async def delete_application(self, request: web.Request) -> web.Response:
        """End its key."""
        self._identify(request).must_be_admin()
        await self._store.delete_application(request.match_info["id"])
        return web.json_response({})

    def _meeting(self, request: web.Request) -> Meeting:
        asker: Asker = self._identify(request)
        return asker.own(self._store, request.match_info["name"])

    def _document(self, meeting: Meeting) -> dict[str, Any]:
        return meeting.document(self._config.base_url, len(self._hall.people(meeting.name)))

    def _always(self, name: str) -> dict[str, Any]:
        link = f"{self._config.base_url}/r/{name}"
        return {"name": name, "title": name.replace("-", " ").capitalize(), "link": link}
