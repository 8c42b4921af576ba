"""JSON documents, one a line, over a Unix socket: how a virtual machine is told things, and answers."""

import json
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

CHUNK_BYTES = 1024 * 1024


class Channel:
    """One end of such a socket, connected to the listening socket at `path`; raises OSError where there is none."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._buffer = b""
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise

    def send(self, document: Mapping[str, Any], timeout_s: float) -> None:
        """Send one document; raises OSError when the other side is gone or does not read."""
        self._socket.settimeout(timeout_s)
        self._socket.sendall(json.dumps(document).encode() + b"\n")

    def receive(self, timeout_s: float) -> dict[str, Any] | None:
        """The next document; None when there is none within `timeout_s`, or the other side is gone."""
        deadline = time.monotonic() + timeout_s
        while True:
            while b"\n" in self._buffer:
                line, _, self._buffer = self._buffer.partition(b"\n")
                if (document := _parsed(line)) is not None:
                    return document
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                chunk = self._socket.recv(CHUNK_BYTES)
            except OSError:
                return None
            if not chunk:
                return None
            self._buffer += chunk

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def _parsed(line: bytes) -> dict[str, Any] | None:
    """A document, or nothing for a line that a cut power broke off."""
    with suppress(ValueError):
        document = json.loads(line)
        return document if isinstance(document, dict) else None
    return None
