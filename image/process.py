"""The only module of `image` that starts programs: argument lists, and a failure raises with command and stderr.

Runs on the host's Python as well (3.9 or newer).
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Union

Argument = Union[str, Path]

# As many lines of a failed program's output as fit on a screen; the whole output is in its log.
SHOWN_LINES = 30


@dataclass(frozen=True)
class Finished:
    """What a program left behind."""

    returncode: int
    stdout: str
    stderr: str


class CommandError(RuntimeError):
    """A program failed, could not be started or took too long; the message holds command and stderr."""

    def __init__(self, argv: Sequence[str], reason: str, stderr: str) -> None:
        lines = stderr.strip().splitlines()[-SHOWN_LINES:]
        super().__init__("\n".join([f"{shlex.join(argv)}: {reason}", *lines]))
        self.argv = tuple(argv)
        self.stderr = stderr


def run(
    argv: Sequence[Argument],
    *,
    check: bool = True,
    stdin: str | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
    timeout_s: float | None = None,
) -> Finished:
    """Run a program to its end.

    With `log`, output and errors go into that file instead of the result, so that long runs can be followed.
    Raises `CommandError` when the program is missing, takes longer than `timeout_s`, or (with `check`) fails.
    """
    words = [str(word) for word in argv]
    if log is None:
        finished = _captured(words, stdin, cwd, env, timeout_s)
    else:
        finished = _logged(words, cwd, env, log, timeout_s)
    if check and finished.returncode != 0:
        raise CommandError(words, f"exit status {finished.returncode}", finished.stderr)
    return finished


def start(
    argv: Sequence[Argument],
    *,
    output: Path | None = None,
    env: Mapping[str, str] | None = None,
    new_session: bool = True,
) -> subprocess.Popen[bytes]:
    """Start a program that stays; its output is appended to `output`, or shown where that is None.

    It gets a session of its own, so that Ctrl-C reaches only us and we decide how it ends.
    """
    words = [str(word) for word in argv]
    try:
        if output is None:
            return subprocess.Popen(words, env=env, start_new_session=new_session)
        with output.open("ab") as sink:
            return subprocess.Popen(
                words,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=new_session,
            )
    except OSError as error:
        raise CommandError(words, "cannot be started", str(error)) from error


def interact(argv: Sequence[Argument]) -> int:
    """Run a program on our own terminal and return its exit status (128 + n for signal n)."""
    with start(argv, new_session=False) as program:
        while True:
            try:
                status = program.wait()
            except KeyboardInterrupt:
                continue  # The terminal has told the program as well: it decides.
            return status if status >= 0 else 128 - status


def _captured(
    words: list[str],
    stdin: str | None,
    cwd: Path | None,
    env: Mapping[str, str] | None,
    timeout_s: float | None,
) -> Finished:
    try:
        done = subprocess.run(
            words,
            input="" if stdin is None else stdin,
            cwd=cwd,
            env=env,
            timeout=timeout_s,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CommandError(words, f"not done after {timeout_s:.0f} s", "") from error
    except OSError as error:
        raise CommandError(words, "cannot be started", str(error)) from error
    return Finished(done.returncode, done.stdout, done.stderr)


def _logged(
    words: list[str],
    cwd: Path | None,
    env: Mapping[str, str] | None,
    log: Path,
    timeout_s: float | None,
) -> Finished:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as sink:
        try:
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=env,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise CommandError(words, f"not done after {timeout_s:.0f} s", tail(log)) from error
        except OSError as error:
            raise CommandError(words, "cannot be started", str(error)) from error
    if done.returncode == 0:
        return Finished(0, "", "")
    return Finished(done.returncode, "", f"{tail(log)}\n(all of it: {log})")


def tail(log: Path, lines: int = SHOWN_LINES) -> str:
    """The last lines of a log; carriage returns of progress bars count as line ends."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
