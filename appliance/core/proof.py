"""Have the box used as people use it: a page, a login, a message, a file, a call. A new version is kept only then.

The core makes an account for it and deletes it in every case, also after a power cut; a sandboxed program of its own
(`ota/proof`) does the rest.
"""

import json
import logging
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.core.jobs import Job
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


@dataclass(frozen=True)
class Proof:
    """Proves the box of an owner."""

    owner: Owner

    async def run(self, job: Job) -> dict[str, Any]:
        """The work of a job. Raises `ParlorError` with what does not work."""
        with job.step(HEALTH):
            await self.owner.wait_until_well(WELL_S)
        with job.step(USE):
            await self._use()
        return {}

    async def tidy(self) -> bool:
        """Delete the accounts that a proof left behind; False while the chat server does not answer."""
        settings = self.owner.settings
        if not settings.domain.name:
            return True
        server = XmppServer(settings.domain.name)
        try:
            for name in await server.own_accounts():
                await server.delete(name)
        except ParlorError as error:
            log.info("accounts of a proof: %s", error)
            return False
        return True

    async def _use(self) -> None:
        settings = self.owner.settings
        chat = settings.claimed and bool(settings.domain.name)
        name, password = f"{OWN_ACCOUNT}{secrets.token_hex(8)}" if chat else "", secrets.token_urlsafe(24)
        try:
            if chat:
                await XmppServer(settings.domain.name).register(name, password)
            TASK.parent.mkdir(mode=0o700, exist_ok=True)
            files.write(TASK, json.dumps(_task(settings, name, password)).encode())
            await _run()
        finally:
            files.remove([TASK])
            await self.tidy()


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
