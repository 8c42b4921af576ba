"""The factory reset at the start of the box: `python3 -m appliance.erase`, and `--finish` once the disk is trimmed.

A oneshot of its own before `parlor-prepare.service`, since only here the disk is trimmed, which takes more rights.
"""

import logging
import sys

from appliance.system import erase, keep_disk, notices

log = logging.getLogger("erase")


def main() -> int:
    """Erase, or note that it is done. 1 with words in the journal, and for the admin, when it does not work out."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if "--finish" in sys.argv[1:]:
        erase.finish()
        log.info("Everything people made was erased.")
        return 0
    try:
        erase.erase(others=[keep_disk.FOLDER] if keep_disk.is_mounted() else [])
    except erase.CannotErase as error:
        log.error("%s", error)
        notices.add_error(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
