"""The proof of a new version: `python3 -m ota.proof`, as a user of its own, in `parlor-proof.service`.

It writes what came of it to `result.json` in its runtime folder: the step that failed, and why, or neither.
"""

import asyncio
import json
import logging
import os
import sys
from pathlib import Path

from ota.proof import call, chat, web
from ota.proof.task import Failed, Task, read

log = logging.getLogger("proof")


async def prove(task: Task) -> None:
    """Do what people do. Raises `Failed` at the first thing that does not work."""
    await web.open_pages(task)
    if task.name:
        await chat.talk(task)
        await call.call(task)


def main() -> int:
    """0 with a result that says what does not work, if anything."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    result = {"failed": "", "why": ""}
    try:
        asyncio.run(prove(read()))
    except Failed as error:
        log.error("%s", error)
        result = {"failed": error.step.value, "why": error.why}
    Path(os.environ["RUNTIME_DIRECTORY"], "result.json").write_text(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
