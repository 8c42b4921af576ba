"""Owns the settings: every change goes through here, one at a time, applied before it is acknowledged."""

import asyncio
import logging
import secrets
from collections.abc import Callable

from pydantic import SecretStr

from appliance import services
from appliance.apply import Change, apply, load_record, plan
from appliance.model import Health, Host, ParlorError, State, Unavailable
from appliance.observe import observe
from appliance.settings import N_, Secrets, Settings
from appliance.system import certificate_store, facts, store
from appliance.system.process import ProgramFailed

log = logging.getLogger(__name__)


def certificate_names(settings: Settings) -> tuple[str, ...]:
    """The names browsers and phones use for this box."""
    return (*(settings.hosts if settings.domain.name else ()), settings.local_name, "localhost")


def look(settings: Settings) -> Host:
    """The machine as it is now, with a certificate that fits the settings."""
    return facts.host(certificate_store.ensure(certificate_names(settings)))


def with_secrets(settings: Settings) -> Settings:
    """The settings with every missing key made, once, on this box."""
    kept = settings.secrets
    made = {
        name: SecretStr(secrets.token_hex(32))
        for name in Secrets.model_fields
        if not getattr(kept, name).get_secret_value()
    }
    return settings.model_copy(update={"secrets": kept.model_copy(update=made)}) if made else settings


class Owner:
    """The settings in force and the only way to change them."""

    def __init__(self, loaded: store.Loaded) -> None:
        self.settings = loaded.settings
        self.problem = loaded.problem
        self.services = services.load()
        self._lock = asyncio.Lock()

    async def change(self, make: Callable[[Settings], Settings], keep: bool = True) -> Settings:
        """Apply what `make` says of the settings, then write it down; on any failure all is as before.

        With `keep` false it is only applied: a setup tries its services before the box is claimed.
        """
        async with self._lock:
            before, after = self.settings, make(self.settings)
            try:
                await self._apply(after)
                if keep:
                    store.save(after)
                    self.problem = ""
            except Exception:  # whatever it was; but at the core's own end the next start renders what was kept
                await self._back_to(before)
                raise
            self.settings = after
            return after

    async def refresh(self, force: bool = False) -> None:
        """Load what changed around the settings: addresses, the certificate, or (`force`) everything."""
        async with self._lock:
            await self._apply(self.settings, {} if force else None)

    async def _apply(self, settings: Settings, record: dict[str, dict[str, str]] | None = None) -> None:
        loaded = load_record() if record is None else record
        try:
            await apply(plan(self.services, settings, look(settings), loaded), _log)
        except ProgramFailed as error:
            log.error("%s", error)
            raise Unavailable(
                N_("A service did not take the change, so nothing was changed: %(why)s"), why=str(error)
            ) from error

    async def _back_to(self, settings: Settings) -> None:
        try:
            await self._apply(settings)
        except (ParlorError, OSError):
            log.exception("could not go back to the settings in force; the next apply tries again")

    async def health(self) -> tuple[Health, ...]:
        """The health of every service."""
        return await observe(self.services, self.settings)

    async def wait_until_well(self, timeout_s: float) -> None:
        """Wait for every service to work. Raises `Unavailable` naming those that do not."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        while True:
            ill = [health for health in await self.health() if health.state in (State.FAILED, State.STARTING)]
            if not ill:
                return
            if asyncio.get_running_loop().time() >= deadline:
                words = "; ".join(f"{health.label}: {health.detail or health.state}" for health in ill)
                raise Unavailable(N_("Not everything works yet: %(what)s"), what=words)
            await asyncio.sleep(0.2)


def _log(change: Change) -> None:
    log.info("%s %s", change.action, change.service.unit)
