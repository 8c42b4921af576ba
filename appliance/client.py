"""Client of the core's local API (`docs/api.md`): HTTP with JSON over a Unix socket. Synchronous."""

import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import Any

from appliance.model import (
    CORE_SOCKET,
    Conflict,
    Denied,
    Expired,
    Invalid,
    LoggedOut,
    Missing,
    ParlorError,
    TooMany,
    Unavailable,
)
from appliance.settings import N_, Problem

CHUNK_BYTES = 64 * 1024

_ERRORS: dict[str, type[ParlorError]] = {
    error.code: error for error in (Invalid, Denied, LoggedOut, Missing, Conflict, Expired, TooMany, Unavailable)
}


class _UnixConnection(HTTPConnection):
    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("core", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class Client:
    """Calls the core as one caller: `token` says whose session, `address` where the browser sits."""

    def __init__(self, socket_path: Path = CORE_SOCKET, token: str = "", address: str = "") -> None:
        self._path = socket_path
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        if address:
            self._headers["X-Client-Address"] = address

    def call(self, method: str, path: str, body: object | None = None, timeout_s: float = 30) -> Any:
        """Ask the core; return the parsed JSON answer.

        Raises the subclass of `ParlorError` that the answer names, `Unavailable` when none comes.
        """
        connection = _UnixConnection(self._path, timeout_s)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), self._headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, HTTPException, ValueError) as error:
            raise Unavailable(N_("The box's core does not answer. Try again in a moment.")) from error
        finally:
            connection.close()
        if response.status >= 400:
            raise _error(answer["error"])
        return answer

    def stream(self, path: str, byte_range: str = "", timeout_s: float = 30) -> "Stream":
        """Ask for a file, or for a part of it (`bytes=…`, RFC 9110, section 14). Raises as `call` does."""
        connection = _UnixConnection(self._path, timeout_s)
        try:
            connection.request("GET", path, None, self._headers | ({"Range": byte_range} if byte_range else {}))
            response = connection.getresponse()
            if response.status >= 400:
                raise _error(json.loads(response.read())["error"])
        except ParlorError:
            connection.close()
            raise
        except (OSError, HTTPException, ValueError, KeyError) as error:
            connection.close()
            raise Unavailable(N_("The box's core does not answer. Try again in a moment.")) from error
        return Stream(connection, response)


class Stream:
    """A file on its way: `status`, `headers`, and its bytes by iteration. `close` it."""

    def __init__(self, connection: HTTPConnection, response: HTTPResponse) -> None:
        self._connection = connection
        self._response = response
        self.status = response.status
        self.headers = dict(response.getheaders())

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self._response.read(CHUNK_BYTES):
            yield chunk

    def close(self) -> None:
        """Let go, also in the middle."""
        self._connection.close()


def _error(document: dict[str, Any]) -> ParlorError:
    problems = tuple(Problem(p["key"], p["template"], p["params"]) for p in document.get("problems", ()))
    kind = _ERRORS.get(document["code"], ParlorError)
    return kind(document["template"], problems, **document.get("params", {}))
