"""What the proof is told, as a JSON file that only it can read."""

import json
import os
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Step(StrEnum):
    """What is proved, in this order."""

    PAGES = "pages"
    LOGIN = "login"
    MESSAGE = "message"
    UPLOAD = "upload"
    CALL = "call"


@dataclass(frozen=True)
class Task:
    """Whom to be and where: an account made for this, and the certificate (PEM) that the box shows.

    `host` is the name of the pages; without a `name` there is no chat yet, and only the pages are proved.
    """

    host: str
    certificate: str
    domain: str = ""
    upload_host: str = ""
    name: str = ""
    password: str = field(default="", repr=False)
    janus: str = ""  # path of the API's socket
    address: str = "127.0.0.1"


class Failed(Exception):
    """A step did not work; the text says why, in the words of what was asked."""

    def __init__(self, step: Step, why: str) -> None:
        super().__init__(f"{step}: {why}")
        self.step = step
        self.why = why


def read() -> Task:
    """The task out of the unit's credentials (systemd.exec(5), LoadCredential)."""
    document = json.loads(Path(os.environ["CREDENTIALS_DIRECTORY"], "task.json").read_bytes())
    return Task(**document)
