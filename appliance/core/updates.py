"""Updates: look for a new version, fetch it into the other slot, restart into it when nobody is disturbed.

RAUC installs and streams, the boot loader chooses, `ota/confirm.py` keeps or rejects; the core decides when.
"""

import datetime as dt
import logging
import time
from collections.abc import Awaitable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from appliance.answers import error_document
from appliance.core.jobs import Job, Jobs, JobState
from appliance.core.owner import Owner
from appliance.core.update_list import UpdateList
from appliance.model import Conflict, Invalid, ParlorError
from appliance.settings import N_
from appliance.system import media, units
from ota import bundle, state
from ota.rauc import Mark, Progress, Rauc, Refused, Slot
from ota.state import Attempt, Outcome, State
from ota.version import Version
from ota.window import Window, may_restart

log = logging.getLogger(__name__)

CHECK = N_("Ask the update server")
LOOK = N_("Look into the update")
WRITE = N_("Fetch the update and write it")

LAST_GOOD_STATE = "parlor-keep.service"
LAST_GOOD_STATE_S = 3600.0

AGAIN_S = 86400.0  # between two looks for a new version
AGAIN_AFTER_TROUBLE_S = 3600.0

BUSY = N_("An update is being installed. Wait until it is done.")


@dataclass(frozen=True)
class Wanted:
    """What to install: a file or URL, what version it is, and whether the box does it by itself."""

    source: str
    version: str
    changes: tuple[str, ...] = ()
    automatic: bool = False


class Updates:
    """The box's updates. `version` is what runs; `job` the check or installation that runs or ran last."""

    def __init__(
        self,
        owner: Owner,
        jobs: Jobs,
        version: str,
        rauc: Rauc,
        *,
        folder: Path = state.FOLDER,
        boot_mark: Path = state.BOOT_MARK,
    ) -> None:
        self.job: Job | None = None
        self.version = version
        self._owner = owner
        self._jobs = jobs
        self._rauc = rauc
        self._folder = folder
        self._boot_mark = boot_mark
        self._list = UpdateList(owner, version, folder)
        self._progress: Progress | None = None
        self._wanted: Wanted | None = None
        self._settled = False

    # -- what there is to see

    async def document(self) -> dict[str, Any]:
        """UPDATE as the API shows it."""
        kept, settings = state.load(self._folder), self._owner.settings
        unable: dict[str, Any] | None = None
        slots: tuple[Slot, ...] = ()
        try:
            slots = await self._rauc.slots()
        except ParlorError as error:
            unable = error_document(error)
        booted, other = _sides(slots)
        now = self._now()
        window = self._window
        return {
            "version": self.version,
            "slot": booted.bootname if booted else "",
            "other": {"slot": other.bootname, "version": other.version, "good": other.good} if other else None,
            "state": "unable" if unable else self._word(kept, booted),
            "unable": unable,
            "channel": settings.updates.channel,
            "automatic": settings.updates.automatic,
            "server": self._list.server,
            "available": _public(kept.available, self.version),
            "checked": kept.checked or None,
            "check_problem": _said(kept.check_problem),
            "installing": asdict(self._wanted) if self._wanted else None,
            "progress": asdict(self._progress) if self._progress else None,
            "last": _attempt(kept.attempt),
            "window": {
                "from": window.since,
                "to": window.until,
                "time_zone": settings.box.time_zone,
                "next": int(window.next_opening(now).timestamp()),
            },
            "in_call": self._in_call(),
            "job": self.job.document() if self.job else None,
        }

    @property
    def may_be_interrupted(self) -> bool:
        """Whether a restart would disturb no call and no update."""
        return not self._busy and not self._in_call()

    def _word(self, kept: State, booted: Slot | None) -> str:
        """How far it is, in one word (UPDATE's `state` in docs/api.md)."""
        if self._busy:
            return "installing" if self._progress else "checking"
        if kept.attempt and kept.attempt.open and booted:
            if state.on_trial(kept, booted.bootname):
                return "proving"
            return "waiting" if kept.attempt.outcome is Outcome.INSTALLED else "idle"
        return "idle"

    @property
    def _busy(self) -> bool:
        return self.job is not None and self.job.state is JobState.RUNNING

    @property
    def _window(self) -> Window:
        updates = self._owner.settings.updates
        return Window(updates.window_from, updates.window_to)

    def _now(self) -> dt.datetime:
        return dt.datetime.now(ZoneInfo(self._owner.settings.box.time_zone))

    def _in_call(self) -> bool:
        return media.in_call(media.ranges(self._owner.services))

    # -- what one can do

    def check(self) -> Job:
        """Look for a new version; joins the look that is on its way. Raises `Conflict` while one is installed."""
        if self._busy and self.job:
            if self._progress:
                raise Conflict(BUSY)
            return self.job

        async def work(job: Job) -> dict[str, Any]:
            with job.step(CHECK):
                await self._look()
            return {"available": _public(state.load(self._folder).available, self.version)}

        self.job = self._jobs.start((CHECK,), work)
        return self.job

    async def install(self, source: str = "", automatic: bool = False) -> Job:
        """Install what was found, or the bundle at a path or URL, into the other slot; joins one that runs."""
        slots = await self._rauc.slots()
        if self._busy and self.job:  # nothing is awaited from here to the start: two clicks are one installation
            if self._progress:
                return self.job
            raise Conflict(N_("The box is looking for updates. Try again in a moment."))
        self._not_on_trial(slots)
        found = state.load(self._folder).available
        if not source and not _public(found, self.version):
            raise Conflict(N_("There is no newer version to install. Look for updates first."))

        async def work(job: Job) -> dict[str, Any]:
            try:
                with job.step(LOOK):
                    wanted = self._wanted = await self._look_into(source, found or {}, automatic)
                with job.step(WRITE):
                    await self._write(wanted, slots)
            finally:
                self._progress = self._wanted = None
            return {"version": wanted.version}

        self._progress = Progress(0, "")
        self.job = self._jobs.start((LOOK, WRITE), work)
        return self.job

    async def restart(self, even_in_call: bool = False) -> None:
        """Restart into the new version now. Raises `Conflict` when there is none, or somebody is in a call."""
        await self._rauc.slots()
        self._waiting_or_raise()
        if not even_in_call and self._in_call():
            raise Conflict(N_("Somebody is in a call. Wait until it has ended, or restart anyway."))
        await units.reboot()

    async def cancel(self) -> None:
        """Do not start the new version that waits for it. Raises `Conflict` when there is none."""
        if self._progress:
            raise Conflict(N_("The update is being written. Once that is done it can be called off."))
        await self._rauc.slots()
        self._waiting_or_raise()
        await self._rauc.mark(Mark.ACTIVE, "booted")
        self._change_ended(Outcome.CANCELLED, "", again=False)

    def _waiting_or_raise(self) -> Attempt:
        attempt = state.load(self._folder).attempt
        if self._busy or attempt is None or attempt.outcome is not Outcome.INSTALLED:
            raise Conflict(N_("There is no new version that waits for a restart."))
        return attempt

    def _not_on_trial(self, slots: tuple[Slot, ...]) -> None:
        booted, _ = _sides(slots)
        if booted and state.on_trial(state.load(self._folder), booted.bootname):
            raise Conflict(N_("The box is still trying out a new version. Wait until that is done."))

    # -- how it is done

    async def _look(self) -> None:
        try:
            board = (await self._rauc.compatible()).removeprefix("parlor-")
            await self._list.check(board)
        except ParlorError as error:
            trouble = {"template": error.template, "params": error.params}
            state.change(lambda now: replace(now, checked=int(time.time()), check_problem=trouble), self._folder)
            raise

    async def _look_into(self, source: str, found: Mapping[str, Any], automatic: bool) -> Wanted:
        """What would be installed, refused in words before anything is touched where it can be."""
        if not source:
            return Wanted(found["url"], found["version"], tuple(found["changes"].get("en", ())), automatic)
        compatible = await self._rauc.compatible()
        if source.startswith("/"):
            manifest = await bundle.inspect(Path(source), compatible=compatible, running=self.version)
            return Wanted(source, manifest.version, manifest.changes)
        if not source.startswith(("http://", "https://")):
            raise Invalid(N_("Give the whole path of a file, or an address that begins with https://."))
        inside = await self._rauc.inspect(source)
        if inside.compatible != compatible:
            raise Invalid(bundle.OTHER_BOARD, found=inside.compatible, wanted=compatible)
        if _is_older(inside.version, self.version):
            raise Invalid(bundle.OLDER, version=inside.version, running=self.version)
        return Wanted(source, inside.version)

    async def _write(self, wanted: Wanted, slots: tuple[Slot, ...]) -> None:
        _, other = _sides(slots)
        slot = other.bootname if other else ""
        attempt = Attempt(
            wanted.version,
            self.version,
            slot,
            int(time.time()),
            state.boot_mark(self._boot_mark),
            automatic=wanted.automatic,
        )
        state.change(lambda now: replace(now, attempt=attempt), self._folder)
        await _copy_last_good_state()
        log.info("installing %s from %s", wanted.version, wanted.source)
        await self._until_written(self._rauc.install(wanted.source, self._tell))

    async def _until_written(self, installation: Awaitable[None]) -> None:
        try:
            await installation
        except ParlorError as error:
            failure, again = error, isinstance(error, Refused) and error.again
            state.change_and_tell(lambda now: state.failed(now, failure, again), self._folder)
            raise
        state.change(_installed, self._folder)

    def _tell(self, progress: Progress) -> None:
        self._progress = progress

    def _change_ended(self, outcome: Outcome, reason: str, again: bool) -> None:
        state.change(lambda now: state.ended(now, outcome, reason, again), self._folder)

    # -- what the box does by itself

    async def tick(self) -> None:
        """Do what is due; called every half minute. Raises `ParlorError`, among others where there are no slots."""
        if self._busy:
            return
        if not self._settled:
            await self._settle()
            return
        kept = state.load(self._folder)
        booted, _ = _sides(await self._rauc.slots())
        if booted and state.on_trial(kept, booted.bootname):
            return
        if kept.attempt and kept.attempt.outcome is Outcome.INSTALLED:
            if may_restart(self._now(), self._window, self._in_call()):
                log.info("restarting into %s", kept.attempt.version)
                await units.reboot()
        elif self._may_install(kept):
            await self.install(automatic=True)
        elif self._check_is_due(kept):
            self.check()

    async def _settle(self) -> None:
        """After a start: see what became of the last attempt, and go on with an installation that still runs."""
        booted, _ = _sides(await self._rauc.slots())
        mark, attempt = state.boot_mark(self._boot_mark), state.load(self._folder).attempt
        begun = attempt is not None and attempt.outcome is Outcome.INSTALLING and attempt.boot == mark
        if begun or await self._rauc.installing():
            self._follow()
        elif booted:
            state.change_and_tell(lambda now: state.settled(now, booted.bootname, mark), self._folder)
        self._settled = True

    def _follow(self) -> None:
        async def work(job: Job) -> dict[str, Any]:
            try:
                with job.step(WRITE):
                    await self._until_written(self._follow_or_look())
            finally:
                self._progress = None
            return {}

        self._progress = Progress(0, "")
        self.job = self._jobs.start((WRITE,), work)

    async def _follow_or_look(self) -> None:
        """Wait for an installation that the core did not see begin. Raises `Refused` when it did not work."""
        if not await self._rauc.follow(self._tell):  # it ended before we listened: what starts next tells how
            booted, _ = _sides(await self._rauc.slots())
            if booted and await self._rauc.primary() == booted.name:
                raise Refused("incomplete")

    def _may_install(self, kept: State) -> bool:
        found = _public(kept.available, self.version)
        wanted = self._owner.settings.claimed and self._owner.settings.updates.automatic
        if not wanted or not found or kept.check_problem or found["version"] in kept.not_again:
            return False
        last = kept.attempt
        tried = last is not None and last.version == found["version"] and last.outcome is Outcome.FAILED
        return not (tried and last and 0 <= time.time() - last.ended < AGAIN_AFTER_TROUBLE_S)

    def _check_is_due(self, kept: State) -> bool:
        if not self._owner.settings.claimed or not self._list.server:
            return False
        pause = AGAIN_AFTER_TROUBLE_S if kept.check_problem else AGAIN_S
        return not 0 <= time.time() - kept.checked < pause  # a clock that was set back counts as due


async def _copy_last_good_state() -> None:
    """Have it from before the update: a new version may change what it finds. Without it the update goes on."""
    try:
        await units.run_once(LAST_GOOD_STATE, LAST_GOOD_STATE_S)
    except (OSError, TimeoutError) as error:
        log.warning("the last good state was not copied: %s", error)


def _installed(kept: State) -> State:
    return replace(kept, attempt=replace(kept.attempt, outcome=Outcome.INSTALLED)) if kept.attempt else kept


def _sides(slots: tuple[Slot, ...]) -> tuple[Slot | None, Slot | None]:
    """The slot that runs, and the other one."""
    booted = next((slot for slot in slots if slot.booted), None)
    return booted, next((slot for slot in slots if not slot.booted), None)


def _is_older(version: str, running: str) -> bool:
    try:
        return Version.parse(version) < Version.parse(running)
    except ValueError:
        return True  # nothing of ours has such a version


def _public(found: Mapping[str, Any] | None, running: str) -> dict[str, Any] | None:
    """A release that is still newer than what runs, without its address."""
    if not found or _is_older(found["version"], running) or found["version"] == running:
        return None
    return {key: found[key] for key in ("version", "size", "changes")}


def _said(trouble: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A template and its values, with the English sentence beside."""
    if not trouble or not trouble["template"]:
        return None
    message = trouble["template"] % trouble["params"] if trouble["params"] else trouble["template"]
    return {**trouble, "message": message}


def _attempt(attempt: Attempt | None) -> dict[str, Any] | None:
    if attempt is None:
        return None
    return {
        "version": attempt.version,
        "old_version": attempt.old_version,
        "outcome": attempt.outcome,
        "automatic": attempt.automatic,
        "started": attempt.started,
        "ended": attempt.ended or None,
        "reason": _said({"template": attempt.reason, "params": dict(attempt.params)}),
    }
