"""Makes films of what was recorded: `python3 -m appliance.rooms.films`, in `parlor-recorder.service`.

It works off every recording that has ended, one after the other; each in a child process, so that a damaged
recording takes no other along.
"""

import logging
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from appliance.model import Missing, Unavailable
from appliance.rooms.recordings import FILM, Recording, RecordingStore, State
from appliance.settings import N_
from appliance.system.process import ProgramFailed, run_and_wait

log = logging.getLogger("films")

LONGEST_S = 6 * 3600
NOTHING = N_("Nothing was said or shown while it was recorded.")
FULL = N_("The disk is too full for the film. Delete a recording: this one is made after that.")
FAILED = N_("No film could be made of this recording.")
EXIT_NOTHING, EXIT_FULL = 2, 3  # of the recorder


def make(store: RecordingStore, recording: Recording) -> Recording:
    """The film of one recording; what is known of it afterwards."""
    target = store.folder / recording.id / FILM
    recorder = [sys.executable, "-I", "-m", "appliance.rooms.recorder", f"--title={recording.title}"]
    argv = [*recorder, str(store.raw(recording.id)), str(target)]
    try:
        run_and_wait(argv, LONGEST_S)
    except ProgramFailed as error:
        log.warning("%s", error)
        if error.returncode == EXIT_FULL:
            return replace(recording, why=FULL)
        return replace(recording, state=State.FAILED, why=NOTHING if error.returncode == EXIT_NOTHING else FAILED)
    except TimeoutError as error:
        log.warning("%s", error)
        return replace(recording, state=State.FAILED, why=FAILED)
    return replace(recording, state=State.READY, why="" if recording.why == FULL else recording.why)


def work_off(store: RecordingStore, mark: Path) -> None:
    """Make one film. What it is made of goes, unless the disk was full: `RecordingStore` marks it again later."""
    try:
        made = make(store, store.find(mark.name))
        store.save(made)
        is_over = made.state is not State.PREPARING
    except Missing:  # deleted meanwhile
        is_over = True
    except Unavailable:
        is_over = False
    if is_over:
        shutil.rmtree(store.raw(mark.name), ignore_errors=True)
    mark.unlink()


def main() -> int:
    """Work off what has ended."""
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    store = RecordingStore()
    for mark in sorted(store.ended.iterdir()):
        work_off(store, mark)
    return 0


if __name__ == "__main__":
    sys.exit(main())
