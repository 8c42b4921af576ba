"""Long work that a person watches: named steps, one after the other, and how it ended."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterator
from enum import StrEnum
from typing import Any

from appliance.answers import error_document
from appliance.model import ParlorError
from appliance.settings import N_

log = logging.getLogger(__name__)

_KEPT = 20  # finished jobs one can still ask for


class JobState(StrEnum):
    """How far a job, or a step of it, is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job:
    """One piece of work. `steps` are gettext templates in their order."""

    def __init__(self, steps: tuple[str, ...]) -> None:
        self.id = secrets.token_hex(8)
        self.state = JobState.RUNNING
        self.result: dict[str, Any] = {}
        self._error: dict[str, Any] | None = None
        self._steps = dict.fromkeys(steps, JobState.WAITING)
        self._changed = asyncio.Event()

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Mark a step as running, then as done or failed."""
        self._set(name, JobState.RUNNING)
        try:
            yield
        except BaseException:
            self._set(name, JobState.FAILED)
            raise
        self._set(name, JobState.DONE)

    async def run(self, work: Callable[["Job"], Awaitable[dict[str, Any]]]) -> None:
        """Do the work; whatever it raises becomes the job's error, in words."""
        try:
            self.result = await work(self)
            self.state = JobState.DONE
        except ParlorError as error:
            self._fail(error)
        except Exception:  # the outermost frame of a job: nothing above could tell the person
            log.exception("job %s", self.id)
            self._fail(
                ParlorError(
                    N_("Something went wrong inside the box. Its journal has the details under %(id)s."), id=self.id
                )
            )
        self._notify()

    def document(self) -> dict[str, Any]:
        """The job as the API shows it."""
        steps = [{"name": name, "state": state} for name, state in self._steps.items()]
        return {"id": self.id, "state": self.state, "steps": steps, "error": self._error, "result": self.result}

    async def change(self, timeout_s: float) -> None:
        """Wait until something changes, the job has ended or the time is over."""
        if self.state is JobState.RUNNING:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), timeout_s)

    def _fail(self, error: ParlorError) -> None:
        self._error = error_document(error)
        self.state = JobState.FAILED

    def _set(self, name: str, state: JobState) -> None:
        self._steps[name] = state
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class Jobs:
    """Runs jobs and remembers the last ones."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, steps: tuple[str, ...], work: Callable[[Job], Awaitable[dict[str, Any]]]) -> Job:
        """Begin a job and return at once."""
        job = Job(steps)
        self._jobs[job.id] = job
        while len(self._jobs) > _KEPT:
            del self._jobs[next(iter(self._jobs))]
        task = asyncio.get_running_loop().create_task(job.run(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return job

    def find(self, job_id: str) -> Job | None:
        """The job of an id, if it is still remembered."""
        return self._jobs.get(job_id)
