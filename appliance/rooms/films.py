"""Makes films of what was recorded: `python3 -m appliance.rooms.films`, in `parlor-recorder.service`.

It works off everything that is marked ready, one after the other; each in a child process, so that a damaged
recording takes no other along.
"""

import logging
import shutil
import sys
from dataclasses import replace

from appliance.rooms.recordings import FILM, READY, Recording, RecordingStore, State
from appliance.settings import N_
from appliance.system.process import ProgramFailed, run_and_wait

log = logging.getLogger("films")

LONGEST_S = 6 * 3600
NOTHING = N_("Nothing was said or shown while it was recorded.")
FULL = N_("The disk was too full to make a film of this recording.")
FAILED = N_("No film could be made of this recording.")
REASONS = {2: NOTHING, 3: FULL}  # by the recorder's exit code


def make(store: RecordingStore, recording: Recording) -> Recording:
    """The film of one recording; what is known of it afterwards."""
    target = store.folder / recording.id / FILM
    recorder = [sys.executable, "-I", "-m", "appliance.rooms.recorder", f"--title={recording.title}"]
    argv = [*recorder, str(store.raw(recording.id)), str(target)]
    try:
        run_and_wait(argv, LONGEST_S)
    except ProgramFailed as error:
        log.warning("%s", error)
        return replace(recording, state=State.FAILED, why=REASONS.get(error.returncode, FAILED))
    except TimeoutError as error:
        log.warning("%s", error)
        return replace(recording, state=State.FAILED, why=FAILED)
    return replace(recording, state=State.READY)


def main() -> int:
    """Work off what is ready."""
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    store = RecordingStore()
    for recording in store.all():
        raw = store.raw(recording.id)
        if (raw / READY).exists():
            store.save(make(store, recording))
            shutil.rmtree(raw)
    for left in store.work.iterdir():  # of recordings that were deleted
        if (left / READY).exists():
            shutil.rmtree(left)
    return 0


if __name__ == "__main__":
    sys.exit(main())
