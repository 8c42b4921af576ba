"""QEMU's own control socket (QEMU Machine Protocol): buttons of the machine, and what happened to it."""

import time
from pathlib import Path
from typing import Any

from image.channel import Channel

ANSWER_TIMEOUT_S = 20.0
# So long a command that is not there yet is waited for.
EVENT_TIMEOUT_S = 0.01


class QmpError(RuntimeError):
    """QEMU refused a command, or does not answer."""


class Qmp:
    """A connection to QEMU; `events` has the names of everything that happened since it was made, in order."""

    def __init__(self, path: Path) -> None:
        self._channel = Channel(path)
        self._events: list[str] = []
        self._channel.receive(ANSWER_TIMEOUT_S)  # its greeting
        self.execute("qmp_capabilities")

    def execute(self, command: str, **arguments: Any) -> Any:
        """Run a command (QEMU QMP Reference Manual) and return what it answers; raises `QmpError`."""
        deadline = time.monotonic() + ANSWER_TIMEOUT_S
        try:
            self._channel.send({"execute": command, "arguments": arguments}, ANSWER_TIMEOUT_S)
        except OSError as error:
            raise QmpError(f"{command}: {error}") from error
        while (answer := self._channel.receive(deadline - time.monotonic())) is not None:
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise QmpError(f"{command}: {answer['error']['desc']}")
            self._note(answer)
        raise QmpError(f"{command}: QEMU does not answer")

    def events(self) -> list[str]:
        """The names of all events so far: RESET, SHUTDOWN, WATCHDOG, POWERDOWN and others."""
        while (message := self._channel.receive(EVENT_TIMEOUT_S)) is not None:
            self._note(message)
        return list(self._events)

    def close(self) -> None:
        """Hang up."""
        self._channel.close()

    def _note(self, message: dict[str, Any]) -> None:
        if "event" in message:
            self._events.append(str(message["event"]))
