"""The calls of the local API that every kind of caller makes: the box, claims, setup, jobs, logins."""

from typing import Any

from aiohttp import web

from appliance import setup
from appliance.core import setup_run
from appliance.core.caller import Caller, Role
from appliance.core.care_routes import notice_documents
from appliance.core.context import CONTEXT, Context
from appliance.core.jobs import Job
from appliance.core.request import caller
from appliance.http_api import body, text
from appliance.model import Conflict, Denied, Missing
from appliance.settings import N_

LONGEST_WAIT_S = 25.0

routes = web.RouteTableDef()


def _context(request: web.Request) -> Context:
    return request.app[CONTEXT]


@routes.get("/v1/box")
async def box(request: web.Request) -> web.Response:
    """What everybody may know."""
    context = _context(request)
    settings = context.owner.settings
    domain = settings.domain.name if settings.claimed else ""
    return web.json_response(
        {
            "name": settings.box.name,
            "local_name": settings.local_name,
            "language": settings.box.language,
            "time_zone": settings.box.time_zone,
            "claimed": settings.claimed,
            "domain": domain,
            "version": context.version,
            "provisioning_error": context.provisioning_error,
            "settings_problem": context.owner.problem,
            "notices": [] if settings.claimed else notice_documents(),
            "hosts": [*([domain] if domain else []), settings.local_name],
        }
    )


def _unclaimed(context: Context) -> None:
    if context.owner.settings.claimed:
        raise Conflict(N_("This box has an owner already. Log in instead."))


@routes.get("/v1/claim-code")
async def claim_code(request: web.Request) -> web.Response:
    """The code in force, for the console and the command line."""
    caller(request).must_be(Role.ROOT)
    _unclaimed(_context(request))
    code, expires_s = _context(request).claim_code.current()
    return web.json_response({"code": code, "expires_s": expires_s})


@routes.post("/v1/claim")
async def claim(request: web.Request) -> web.Response:
    """Exchange the code for a setup session, once."""
    context, address = _context(request), caller(request).address
    code = text(await body(request), "code")
    _unclaimed(context)
    context.claim_pace.check(address)
    try:
        context.claim_code.take(code)
    except Denied:
        context.claim_pace.wrong(address)
        raise
    context.claim_pace.right(address)
    return web.json_response({"token": context.sessions.open()})


@routes.get("/v1/setup")
async def setup_so_far(request: web.Request) -> web.Response:
    """What was typed, and the setup that runs or ran."""
    caller(request).must_be(Role.SETUP)
    context = _context(request)
    job = context.setup_job.document() if context.setup_job else None
    return web.json_response({"draft": context.draft.document, "job": job})


@routes.put("/v1/setup/draft")
async def save_draft(request: web.Request) -> web.Response:
    """Keep what was typed."""
    caller(request).must_be(Role.SETUP)
    _unclaimed(_context(request))
    return web.json_response(_context(request).draft.update(await body(request)))


@routes.post("/v1/setup")
async def run_setup(request: web.Request) -> web.Response:
    """Begin the setup, or join the one that runs."""
    caller(request).must_be(Role.SETUP, Role.ROOT)
    context = _context(request)
    document = await body(request)
    _unclaimed(context)
    return web.json_response(begin_setup(context, setup.parse(document)).document(), status=202)


def begin_setup(context: Context, wanted: setup.Setup) -> Job:
    """Start the one setup a box has; a second call while it runs gets the same job."""
    if context.setup_job and context.setup_job.state == "running":
        return context.setup_job

    async def work(job: Job) -> dict[str, Any]:
        result = await setup_run.run(wanted, context.owner, context.people, job)
        context.draft.forget()
        context.provisioning_error = ""
        return result

    context.setup_job = context.jobs.start(setup_run.STEPS, work)
    return context.setup_job


@routes.get("/v1/jobs/{id}")
async def job(request: web.Request) -> web.Response:
    """How far a job is; with `wait`, once that changes."""
    who = caller(request)
    who.must_be(Role.SETUP, Role.ADMIN, Role.ROOT)
    context = _context(request)
    found = context.jobs.find(request.match_info["id"])
    if found is None or (who.role is Role.SETUP and found is not context.setup_job):
        raise Missing(N_("There is no such job."))
    try:
        wait_s = min(LONGEST_WAIT_S, max(0.0, float(request.query.get("wait", "0"))))
    except ValueError:
        wait_s = 0.0
    await found.change(wait_s)
    return web.json_response(found.document())


@routes.post("/v1/sessions")
async def log_in(request: web.Request) -> web.Response:
    """Exchange name and password for a session."""
    context, address = _context(request), caller(request).address
    document = await body(request)
    name, secret = (
        text(document, "name").strip().lower().removesuffix(f"@{context.owner.settings.domain.name}"),
        text(document, "password"),
    )
    keys = (f"address {address}", f"name {name[:64]} {address}")
    context.login_pace.check(*keys)
    try:
        await context.people.log_in(name, secret)
    except Denied:
        context.login_pace.wrong(*keys)
        raise
    context.login_pace.right(*keys)
    return web.json_response({"token": context.sessions.open(name), **_person(context, name)})


def _person(context: Context, name: str) -> dict[str, str]:
    return {"name": name, "role": context.people.role(name), "jid": context.people.jid(name)}


def logged_in(request: web.Request) -> Caller:
    """The person who is logged in. Raises `LoggedOut`, or `Denied` for callers who are no person."""
    who = caller(request)
    who.must_be(Role.MEMBER, Role.ADMIN)
    return who


@routes.get("/v1/session")
async def session(request: web.Request) -> web.Response:
    """Who is logged in."""
    return web.json_response(_person(_context(request), logged_in(request).name))


@routes.delete("/v1/session")
async def log_out(request: web.Request) -> web.Response:
    """End this session, of a person or of a setup that is done with."""
    who = caller(request)
    who.must_be(Role.SETUP, Role.MEMBER, Role.ADMIN)
    _context(request).sessions.close(who.token)
    return web.json_response({})


@routes.post("/v1/session/password")
async def change_password(request: web.Request) -> web.Response:
    """A new password of one's own; other sessions end."""
    context, who = _context(request), logged_in(request)
    document = await body(request)
    keys = (f"address {who.address}", f"name {who.name} {who.address}")
    context.login_pace.check(*keys)
    try:
        await context.people.change_password(who.name, text(document, "old"), text(document, "new"))
    except Denied:
        context.login_pace.wrong(*keys)
        raise
    context.sessions.close_all(who.name, keep=who.token)
    return web.json_response({})


@routes.get("/v1/invitations/{token}")
async def invitation(request: web.Request) -> web.Response:
    """What the holder of an invitation may know."""
    caller(request)
    return web.json_response(await _context(request).people.find_invitation(request.match_info["token"]))


@routes.post("/v1/invitations/{token}/password")
async def redeem(request: web.Request) -> web.Response:
    """Use an invitation up in the browser."""
    caller(request)
    secret = text(await body(request), "password")
    return web.json_response(await _context(request).people.redeem(request.match_info["token"], secret))
