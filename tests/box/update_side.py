"""An update server in the house, and a RAUC for a box that has no slots of its own."""

import datetime as dt
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, override

from image import cms, keys
from image.keys import Signer
from tests import fake_rauc
from tests.box.house import ClaimedBox

READY_S = 20.0


@contextmanager
def web(folder: Path, address: str) -> Iterator[str]:
    """A plain web server of a folder, as anybody may run one; yields its address."""

    class Quiet(SimpleHTTPRequestHandler):
        @override
        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer((address, 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://{address}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def publish(folder: Path, version: str, serial: int, signer: Signer | None = None, **more: Any) -> None:
    """Put a signed list with one release where boxes look for it."""
    now = dt.datetime.now(dt.UTC)
    document = {
        "format": 1,
        "board": "x86",
        "channel": "stable",
        "serial": serial,
        "issued": (now - dt.timedelta(hours=1)).isoformat(),
        "expires": (now + dt.timedelta(days=30)).isoformat(),
        "releases": [
            {
                "version": version,
                "url": "../bundles/new.raucb",
                "size": 290_000_000,
                "sha256": "5e" * 32,
                "changes": {"en": ["Calls start sooner."]},
            }
        ],
    }
    (folder / "stable").mkdir(parents=True, exist_ok=True)
    content = cms.signed(json.dumps(document | more).encode(), signer or keys.unlocked(keys.selected()))
    (folder / "stable" / "x86.cms").write_bytes(content)


class Slots:
    """The stand-in for RAUC in a box: how it behaves, and what it was asked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def be(self, **behaviour: Any) -> None:
        """Behave so from the next call on."""
        (self._folder / "behaviour.json").write_text(json.dumps(behaviour))

    @property
    def calls(self) -> list[list[Any]]:
        """What it was asked."""
        document: list[list[Any]] = json.loads((self._folder / "calls.json").read_text())
        return document


@contextmanager
def slots(box: ClaimedBox, **behaviour: Any) -> Iterator[Slots]:
    """Let a box believe that it has slots, for as long as the body runs."""
    folder = box.box.data / f"rauc-{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    inside = f"/data/{folder.name}"
    (folder / "fake_rauc.py").write_text(Path(fake_rauc.__file__).read_text())
    faked = Slots(folder)
    faked.be(**behaviour)
    box.box.run(["systemd-run", "--quiet", "--unit=stand-in", "python3", "-B", f"{inside}/fake_rauc.py", inside])
    try:
        deadline = time.monotonic() + READY_S
        while not (folder / "ready").exists():
            assert time.monotonic() < deadline, box.box.journal("--unit=stand-in")
            time.sleep(0.05)
        yield faked
    finally:
        box.box.run(["systemctl", "stop", "stand-in"])
        box.box.run(["rm", "-rf", "/data/ota", inside])
