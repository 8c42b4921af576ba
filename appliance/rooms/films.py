"""Makes films of what was recorded: `python3 -m appliance.rooms.films`, in `parlor-recorder.service`.

It works off every recording that has ended, one after the other; each in a child process, so that a damaged
recording takes no other along.
"""

import logging
import shutil
import sys
from contextlib import suppress
from dataclasses import replace

from appliance.model import Missing
from appliance.rooms.recordings import FILM, Recording, RecordingStore, State
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
    """Work off what has ended."""
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    store = RecordingStore()
    for mark in sorted(store.ended.iterdir()):
        with suppress(Missing):  # deleted meanwhile
            store.save(make(store, store.find(mark.name)))
        shutil.rmtree(store.raw(mark.name), ignore_errors=True)
        mark.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
