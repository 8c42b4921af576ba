"""Sessions of the portal: random tokens, of which only the SHA-256 is kept, on the disk."""

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import time

from appliance.model import LoggedOut
from appliance.settings import N_
from appliance.system import files

LOGIN_S = 14 * 86400
SETUP_S = 86400


@dataclass(frozen=True)
class Session:
    """Whose session it is: a person's name, or "" for the claim of a setup. `ends` since 1970."""

    name: str
    ends: float


class Sessions:
    """All sessions in force; `path` keeps them over a restart."""

    def __init__(self, path: Path, clock: Callable[[], float] = time) -> None:
        self._path = path
        self._clock = clock
        self._sessions = _read(path)

    def open(self, name: str = "") -> str:
        """A new session; returns its token. A new setup session ends the older ones."""
        if not name:
            self._forget(lambda session: not session.name)
        token = secrets.token_urlsafe(32)
        self._sessions[_digest(token)] = Session(name, self._clock() + (LOGIN_S if name else SETUP_S))
        self._save()
        return token

    def find(self, token: str) -> Session:
        """The session of a token. Raises `LoggedOut`."""
        session = self._sessions.get(_digest(token))
        if session is None or session.ends <= self._clock():
            raise LoggedOut(N_("You are logged out. Log in again."))
        return session

    def close(self, token: str) -> None:
        """End one session."""
        if self._sessions.pop(_digest(token), None):
            self._save()

    def close_all(self, name: str, keep: str = "") -> None:
        """End every session of a person, but for the one whose token is `keep`."""
        kept = _digest(keep)
        gone = [key for key, session in self._sessions.items() if session.name == name and key != kept]
        for key in gone:
            del self._sessions[key]
        self._save()

    def _forget(self, which: Callable[[Session], bool]) -> None:
        self._sessions = {key: session for key, session in self._sessions.items() if not which(session)}

    def _save(self) -> None:
        self._forget(lambda session: session.ends <= self._clock())
        files.write(self._path, json.dumps({key: asdict(s) for key, s in self._sessions.items()}).encode())


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()  # it may be any bytes


def _read(path: Path) -> dict[str, Session]:
    try:
        return {key: Session(**value) for key, value in json.loads(path.read_bytes()).items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError):
        return {}  # a torn file logs everybody out, no more
