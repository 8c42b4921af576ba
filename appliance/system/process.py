"""Programs are started here and nowhere else in the appliance."""

import asyncio
import subprocess
from collections.abc import Sequence


class ProgramFailed(OSError):
    """A program ended with an error; the text holds its arguments and what it said on stderr."""

    def __init__(self, argv: Sequence[str], returncode: int, stderr: str) -> None:
        super().__init__(f"{' '.join(argv)} ended with {returncode}: {stderr.strip() or 'it said nothing'}")
        self.returncode = returncode
        self.stderr = stderr


async def run(argv: Sequence[str], stdin: bytes = b"", timeout_s: float = 60) -> str:
    """Run a program to its end; return its stdout.

    Raises `ProgramFailed` on a non-zero exit, `TimeoutError` after `timeout_s` seconds (it is killed then).
    Arguments are visible to every user of the machine: secrets go through `stdin`.
    """
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(stdin), timeout_s)
    except (TimeoutError, asyncio.CancelledError):
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise ProgramFailed(argv, process.returncode, err.decode(errors="replace"))
    return out.decode(errors="replace")


def run_and_wait(argv: Sequence[str], timeout_s: float = 60) -> None:
    """Run a program to its end, for oneshots that have nothing else to do.

    Raises `ProgramFailed` on a non-zero exit, `TimeoutError` after `timeout_s` seconds (it is killed then).
    """
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"{argv[0]} took longer than {timeout_s:.0f} s") from error
    if done.returncode:
        raise ProgramFailed(argv, done.returncode, done.stderr.decode(errors="replace"))
