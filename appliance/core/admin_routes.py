"""The calls of the local API that only admins make: people, status, settings, certificate."""

import datetime as dt
from dataclasses import asdict
from typing import Any

from aiohttp import web

from appliance import certificates, fields, keep
from appliance.core.caller import Role
from appliance.core.care_routes import notice_documents
from appliance.core.context import CONTEXT, Context
from appliance.core.jobs import Job
from appliance.core.owner import certificate_names
from appliance.core.request import caller
from appliance.http_api import body, text
from appliance.model import DATA, Certificate, Conflict, Invalid, State
from appliance.settings import N_, Problem
from appliance.system import certificate_store, files

APPLY = N_("Load the new settings")

routes = web.RouteTableDef()


def _admin(request: web.Request) -> Context:
    caller(request).must_be(Role.ADMIN, Role.ROOT)
    context = request.app[CONTEXT]
    if not context.owner.settings.claimed:
        raise Conflict(N_("This box has no owner yet. Set it up first."))
    return context


def _role(document: dict[str, Any], default: str | None = None) -> str:
    role = document.get("role", default)
    if role not in ("member", "admin"):
        raise Invalid(
            N_("The role is “member” or “admin”."), (Problem("role", N_("The role is “member” or “admin”."), {}),)
        )
    return str(role)


@routes.get("/v1/people")
async def people(request: web.Request) -> web.Response:
    """Everybody."""
    return web.json_response({"people": await _admin(request).people.everyone()})


@routes.post("/v1/people")
async def add(request: web.Request) -> web.Response:
    """A new person."""
    context, document = _admin(request), await body(request)
    secret = text(document, "password") if document.get("password") is not None else None
    return web.json_response(await context.people.add(text(document, "name"), _role(document, "member"), secret))


@routes.patch("/v1/people/{name}")
async def change(request: web.Request) -> web.Response:
    """Disable or enable a person, or change the role."""
    context, document, name = _admin(request), await body(request), request.match_info["name"]
    await context.people.one(name)
    if "role" in document:
        await context.people.set_role(name, _role(document))
    if "disabled" in document:
        if not isinstance(document["disabled"], bool):
            raise Invalid(N_("This must be yes or no."), (Problem("disabled", N_("This must be yes or no."), {}),))
        await context.people.set_disabled(name, document["disabled"])
    return web.json_response(await context.people.one(name))


@routes.delete("/v1/people/{name}")
async def delete(request: web.Request) -> web.Response:
    """Delete a person with everything."""
    await _admin(request).people.delete(request.match_info["name"])
    return web.json_response({})


@routes.post("/v1/people/{name}/invitation")
async def invite(request: web.Request) -> web.Response:
    """Invite, or invite anew."""
    return web.json_response(await _admin(request).people.invite(request.match_info["name"]))


@routes.post("/v1/people/{name}/reset")
async def reset(request: web.Request) -> web.Response:
    """A link for a new password."""
    return web.json_response(await _admin(request).people.reset(request.match_info["name"]))


@routes.post("/v1/people/{name}/logout")
async def log_out_everywhere(request: web.Request) -> web.Response:
    """End every session of a person; one may do so for oneself."""
    who, name = caller(request), request.match_info["name"]
    if not (who.name and who.name == name):
        _admin(request)
    await request.app[CONTEXT].people.log_out(name)
    return web.json_response({})


@routes.get("/v1/status")
async def status(request: web.Request) -> web.Response:
    """How every service is."""
    caller(request).must_be(Role.ADMIN, Role.ROOT)
    context = request.app[CONTEXT]
    health = await context.owner.health()
    free, total = files.disk_space(DATA)
    return web.json_response(
        {
            "version": context.version,
            "claimed": context.owner.settings.claimed,
            "healthy": all(each.state in (State.OK, State.OFF) for each in health),
            "settings_problem": context.owner.problem,
            "provisioning_error": context.provisioning_error,
            "notices": notice_documents(),
            "last_good": keep.last_good(),
            "disk": {"free_bytes": free, "total_bytes": total},
            "services": [asdict(each) for each in health],
        }
    )


@routes.get("/v1/settings")
async def settings(request: web.Request) -> web.Response:
    """Every public setting."""
    return web.json_response({"fields": fields.describe(_admin(request).owner.settings)})


@routes.patch("/v1/settings")
async def change_settings(request: web.Request) -> web.Response:
    """Change settings, all or none."""
    context, values = _admin(request), await body(request)
    fields.with_values(context.owner.settings, values)  # wrong values are answered at once, without a job

    async def work(job: Job) -> dict[str, Any]:
        with job.step(APPLY):
            await context.owner.change(lambda now: fields.with_values(now, values))
        return {}

    return web.json_response(context.jobs.start((APPLY,), work).document(), status=202)


@routes.post("/v1/apply")
async def apply(request: web.Request) -> web.Response:
    """Render and load everything again."""
    context = _admin(request)

    async def work(job: Job) -> dict[str, Any]:
        with job.step(APPLY):
            await context.owner.refresh(force=True)
        return {}

    return web.json_response(context.jobs.start((APPLY,), work).document(), status=202)


@routes.get("/v1/certificate")
async def certificate(request: web.Request) -> web.Response:
    """What browsers and phones are shown."""
    context = _admin(request)
    current = certificate_store.ensure(certificate_names(context.owner.settings))
    return web.json_response(asdict(certificates.describe(current)))


@routes.put("/v1/certificate")
async def replace_certificate(request: web.Request) -> web.Response:
    """Put a certificate of one's own in use."""
    caller(request).must_be(Role.ROOT)
    context, document = _admin(request), await body(request)
    given = Certificate(text(document, "chain").encode(), certificates.pkcs8(text(document, "key").encode()))
    described = certificates.verify(given, context.owner.settings.hosts, dt.datetime.now(dt.UTC))
    certificate_store.save(given)
    await context.owner.refresh()
    return web.json_response({"names": described.names, "not_after": described.not_after})
