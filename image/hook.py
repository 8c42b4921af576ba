"""Lets mmdebstrap call a function of ours while it makes a root: `hook.py MODULE:FUNCTION ROOT`.

Runs on the host's Python as well (3.9 or newer).
"""

import importlib
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main(name: str, root: Path) -> None:
    """Call the function with the root that is being made."""
    module, function = name.split(":")
    getattr(importlib.import_module(module), function)(root)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
