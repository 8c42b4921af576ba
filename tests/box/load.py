"""People who write to each other as fast as they are acknowledged."""

import secrets
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from OpenSSL import SSL

from tests.box.scram import Scram
from tests.box.stream import NS, Stream
from tests.box.test_conversations_logins import bind, log_in

PASSWORD = "a good password"
PEOPLE = ("ann", "bob")
TRIES = 10
DATABASE = "ejabberd/ejabberd.sqlite"


@dataclass
class Load:
    """Two people and their messages, while the body runs.

    `acknowledged` holds each message's text once its sender knows that it has arrived (XEP-0198). The certificate of
    the box is its own, in `ca`.
    """

    address: str
    port: int
    domain: str
    ca: Path
    acknowledged: list[str] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _faults: list[BaseException] = field(default_factory=list)

    def __enter__(self) -> Self:
        for one, other in (PEOPLE, PEOPLE[::-1]):
            thread = threading.Thread(target=self._talk, args=(one, other))
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, count: int, timeout_s: float = 300.0) -> None:
        """Until so many more messages are acknowledged."""
        wanted, deadline = len(self.acknowledged) + count, time.monotonic() + timeout_s
        while len(self.acknowledged) < wanted:
            assert not self._faults, self._faults
            assert time.monotonic() < deadline, f"{len(self.acknowledged)} of {wanted} in time"
            time.sleep(0.005)

    def _talk(self, name: str, to: str) -> None:
        """Write until it is over, or the power is."""
        silent = 0
        while not self._over.is_set():
            try:
                self._converse(name, to)
            except TimeoutError as error:  # a busy machine; what was not acknowledged does not count
                silent += 1
                if silent == TRIES:
                    self._faults.append(error)
                    return
            except (OSError, EOFError, SSL.Error) as error:
                self._faults.append(error)
                return

    def _converse(self, name: str, to: str) -> None:
        with Stream(self.address, self.port, self.domain) as stream:
            stream.secure(self.ca, "xmpp-client")
            stream.open(f"{name}@{self.domain}")
            log_in(stream, Scram(name, PASSWORD), bind(f"<enable xmlns='{NS['sm']}'/>"))
            while not self._over.is_set():
                self._say(stream, f"{to}@{self.domain}")

    def _say(self, stream: Stream, to: str) -> None:
        body = secrets.token_hex(12)
        stream.send(f"<message to='{to}' type='chat'><body>{body}</body></message><r xmlns='{NS['sm']}'/>")
        stream.await_tag("sm:a")
        self.acknowledged.append(body)


def lost(database: Path, acknowledged: frozenset[str]) -> set[str]:
    """What was acknowledged and is not in the archives of both. The database must be sound."""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        kept = "\n".join(str(row) for row in connection.execute("SELECT txt FROM archive"))
    return {body for body in acknowledged if kept.count(body) < len(PEOPLE)}
