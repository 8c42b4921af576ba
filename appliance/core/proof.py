"""Have the box used as people use it: a page, a login, a message, a file, a call. A new version is kept only then.

The core makes an account for it and deletes it in every case, also after a power cut; a sandboxed program of its own
(`ota/proof`) does the rest.
"""

import json
import logging
import secrets
from pathlib import Path
from typing import Any

from appliance.core.jobs import Job, Jobs, JobState
from appliance.core.owner import Owner, certificate_names
from appliance.model import RUN, ParlorError, Unavailable
from appliance.services.janus import API_SOCKET
from appliance.settings import N_, OWN_ACCOUNT, Settings, shown
from appliance.system import certificate_store, files, units
from appliance.system.xmpp_server import XmppServer

log = logging.getLogger(__name__)

UNIT = "parlor-proof.service"
TASK = RUN / "proof" / "task.json"  # the unit's credential
RESULT = Path("/run/parlor-proof/result.json")
LARGEST_RESULT = 16 * 1024

WELL_S = 300.0  # a slow machine starts its services for minutes
UNIT_S = 330.0  # a little more than the unit gives itself

HEALTH = N_("See that everything works")
USE = N_("Try a page, a login, a message, a file and a call")
STEPS = (HEALTH, USE)

WORDS = {
    "pages": N_("The box's own pages do not open: %(why)s"),
    "login": N_("Nobody can log in to the chat: %(why)s"),
    "message": N_("A message does not arrive: %(why)s"),
    "upload": N_("A file cannot be sent: %(why)s"),
    "call": N_("A call has no sound or no picture: %(why)s"),
}


class Proof:
    """Proves the box of an owner, once at a time."""

    def __init__(self, owner: Owner, jobs: Jobs) -> None:
        self._owner = owner
        self._jobs = jobs
        self._job: Job | None = None
        self._clean = False  # whether no account of a proof is left; at a start nobody knows

    def begin(self) -> Job:
        """Start a proof; joins the one that runs."""
        if self._job is None or not self._running:
            self._job = self._jobs.start(STEPS, self._run)
        return self._job

    async def tidy(self) -> None:
        """Delete the accounts that a proof left behind, unless one runs; the chat server may not answer yet."""
        if self._clean or self._running:
            return
        await self._forget()

    @property
    def _running(self) -> bool:
        return self._job is not None and self._job.state is JobState.RUNNING

    async def _run(self, job: Job) -> dict[str, Any]:
        """The work of a job. Raises `ParlorError` with what does not work."""
        with job.step(HEALTH):
            await self._owner.wait_until_well(WELL_S)
        with job.step(USE):
            await self._use()
        return {}

    async def _forget(self) -> None:
        domain = self._owner.settings.domain.name
        try:
            if domain:
                server = XmppServer(domain)
                for name in await server.own_accounts():
                    await server.delete(name)
        except ParlorError as error:
            log.info("accounts of a proof: %s", error)
        else:
            self._clean = True

    async def _use(self) -> None:
        settings = self._owner.settings
        chat = settings.claimed and bool(settings.domain.name)
        name, password = f"{OWN_ACCOUNT}{secrets.token_hex(8)}" if chat else "", secrets.token_urlsafe(24)
        try:
            if chat:
                self._clean = False
                await XmppServer(settings.domain.name).register(name, password)
            TASK.parent.mkdir(mode=0o700, exist_ok=True)
            files.write(TASK, json.dumps(_task(settings, name, password)).encode())
            await _run()
        finally:
            files.remove([TASK])
            await self._forget()


def _task(settings: Settings, name: str, password: str) -> dict[str, str]:
    """What the program is told (`ota/proof/task.py`)."""
    certificate = certificate_store.ensure(certificate_names(settings)).chain.decode()
    task = {"host": settings.local_name, "certificate": certificate}
    if not name:
        return task
    return task | {
        "host": settings.domain.name,
        "domain": settings.domain.name,
        "upload_host": settings.hosts.upload,
        "name": name,
        "password": password,
        "janus": str(API_SOCKET),
    }


async def _run() -> None:
    """Start the program and see what it says. Raises `Unavailable`.

    It is not trusted with more than to choose one of our sentences, and to give a reason.
    """
    files.remove([RESULT])
    broke_off = Unavailable(N_("The trial of the new version broke off. The box's journal says why."))
    try:
        await units.run_once(UNIT, UNIT_S)
        result = json.loads(files.read_untrusted(RESULT, LARGEST_RESULT))
        failed, why = str(result["failed"]), shown(str(result["why"]), 200)
    except (OSError, TimeoutError, ValueError, LookupError, TypeError) as error:
        log.warning("%s", error)
        raise broke_off from error
    if failed:
        raise Unavailable(WORDS[failed], why=why) if failed in WORDS else broke_off
