"""`python3 -m appliance.rooms.recorder [--title=TITLE] FOLDER FILM`: make the film of the `.mjr` files in a folder.

Exit codes: 0 it is there, whole and on the disk; 1 it could not be made; 2 nothing was heard or seen; 3 no room.
"""

import argparse
import errno
import logging
import os
import sys
from pathlib import Path

import av

from appliance.rooms.recorder import film

NOTHING, FULL = 2, 3


def main() -> int:
    """Make one film."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    av.logging.set_level(None)
    os.umask(0o077)
    parser = argparse.ArgumentParser("recorder")
    parser.add_argument("--title", default="")
    parser.add_argument("folder", type=Path)
    parser.add_argument("film", type=Path)
    options = parser.parse_args()
    try:
        film.make(options.folder, options.film, options.title)
    except film.Nothing:
        return NOTHING
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return FULL
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
