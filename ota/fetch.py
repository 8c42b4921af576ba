"""Fetches a list of updates: `python3 -m ota.fetch`, in `parlor-update-fetch.service`, as a user of its own.

It has the network that the core has not, and nothing else: what it brings is only believed once the core has verified
its signature. It is told the URL in the credential `request.json`; `list` or `trouble` is left in its runtime folder.
"""

import json
import logging
import os
import sys
import time
from enum import StrEnum
from http.client import HTTPException
from pathlib import Path
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

log = logging.getLogger("fetch")

LARGEST = 256 * 1024  # bytes
ANSWER_S = 20.0  # without a byte
WHOLE_S = 60.0
CHUNK = 16 * 1024


class Trouble(StrEnum):
    """Why there is no list."""

    NETWORK = "network"
    MISSING = "missing"
    SERVER = "server"
    TOO_LARGE = "too-large"
    TOO_SLOW = "too-slow"
    NOT_TRUSTED = "not-trusted"


class NotFetched(Exception):
    """The fetch did not work; `trouble` says how."""

    def __init__(self, trouble: Trouble, why: str) -> None:
        super().__init__(f"{trouble}: {why}")
        self.trouble = trouble


class _Redirects(request.HTTPRedirectHandler):
    """A server may send us elsewhere, a few times; without handlers of other schemes, only on the web."""

    max_redirections = 3


def fetch(url: str) -> bytes:
    """The bytes at an http or https URL. Raises `NotFetched`."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise NotFetched(Trouble.SERVER, "it is not on the web")
    opener = request.OpenerDirector()
    for handler in (
        request.HTTPHandler(),
        request.HTTPSHandler(),
        _Redirects(),
        request.HTTPErrorProcessor(),
        request.HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    deadline = time.monotonic() + WHOLE_S
    wanted = request.Request(url, headers={"User-Agent": "parlor"})  # noqa: S310 (the opener knows the web only)
    try:
        with opener.open(wanted, timeout=ANSWER_S) as answer:
            return _body(answer, deadline)
    except HTTPError as error:
        error.close()
        raise NotFetched(Trouble.MISSING if error.code in (404, 410) else Trouble.SERVER, str(error)) from error
    except URLError as error:
        kind = Trouble.NOT_TRUSTED if "CERTIFICATE" in str(error.reason) else Trouble.NETWORK
        raise NotFetched(kind, str(error.reason)) from error
    except TimeoutError as error:
        raise NotFetched(Trouble.TOO_SLOW, "it says nothing") from error
    except (HTTPException, OSError, ValueError) as error:
        raise NotFetched(Trouble.NETWORK, repr(error)) from error


def _body(answer: object, deadline: float) -> bytes:
    """All of an answer, if it is small and comes in time."""
    read = getattr(answer, "read1")  # noqa: B009 (urllib's stubs do not know it: what has come, without waiting for more)
    content = b""
    while chunk := read(CHUNK):
        content += chunk
        if len(content) > LARGEST:
            raise NotFetched(Trouble.TOO_LARGE, f"more than {LARGEST} bytes")
        if time.monotonic() > deadline:
            raise NotFetched(Trouble.TOO_SLOW, f"more than {WHOLE_S:.0f} s")
    return content


def main() -> int:
    """0 with the list in place, or the trouble."""
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    url = json.loads(Path(os.environ["CREDENTIALS_DIRECTORY"], "request.json").read_bytes())["url"]
    place = Path(os.environ["RUNTIME_DIRECTORY"])
    for name in ("list", "trouble"):
        (place / name).unlink(missing_ok=True)
    try:
        (place / "list").write_bytes(fetch(url))
    except NotFetched as error:
        log.warning("%s", error)
        (place / "trouble").write_text(error.trouble)
    return 0


if __name__ == "__main__":
    sys.exit(main())
