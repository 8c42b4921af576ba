"""At boot: render everything before the managed units start. A oneshot; it starts nothing itself.

Units start by themselves when their rendered file exists, so this only writes, and notes what each
unit is about to load.
"""

import logging
import sys

from appliance import apply, services
from appliance.core.owner import look, with_secrets
from appliance.model import Directory, Service
from appliance.settings import Settings
from appliance.system import files, store

log = logging.getLogger("prepare")


def main() -> int:
    """Render the whole box; 0 also when one service could not be, so that the others still run."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    files.make_directory(Directory(store.FOLDER, "root", 0o700))
    loaded = store.load()
    if loaded.problem:
        log.warning("%s", loaded.problem)
    settings = with_secrets(loaded.settings)
    if settings != loaded.settings:
        store.save(settings)
    render(settings, services.load())
    return 0


def render(settings: Settings, every: tuple[Service, ...]) -> None:
    """Write each enabled service's files and note their digests as loaded."""
    changes = apply.plan(every, settings, look(settings), {})
    written = {}
    for change in changes:
        try:
            apply.write(change)
        except (OSError, LookupError):
            log.exception("%s cannot start", change.service.name)
        else:
            written[change.service.name] = change.digests
    apply.save_record(written)


if __name__ == "__main__":
    sys.exit(main())
