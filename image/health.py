"""Whether a running box does its work: asked of the box itself, and of its setup page as a browser would."""

import json
import socket
import ssl
import time
from dataclasses import dataclass, field, replace

from image.box import Box, BoxError
from image.process import CommandError

TIMEOUT_S = 90.0
POLL_S = 0.2
ANSWER_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Health:
    """How the box is, as `parlor status --json` says."""

    healthy: bool = False
    claimed: bool = False
    # Why the provisioning file was not taken; empty if it was, or if there is none.
    provisioning_error: str = ""
    # What is not well, a line each.
    problems: list[str] = field(default_factory=list)


def wait_until_healthy(box: Box, *, provisioned: bool = False, timeout_s: float = TIMEOUT_S) -> Health:
    """Wait until every service is well and the setup page answers, then say how the box is.

    With `provisioned` it also waits until the provisioning file has been taken or refused. After `timeout_s` the answer
    has `problems`; raises `BoxError` when the box goes off.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        health = ask(box)
        taken = not provisioned or health.claimed or health.provisioning_error
        if taken and health.healthy and page_answers(box.address):
            return health
        if not box.running:
            raise BoxError(f"The box went off while starting.\n{box.last_words()}")
        time.sleep(POLL_S)
    return replace(health, healthy=False, problems=health.problems or ["Its setup page does not answer."])


def ask(box: Box) -> Health:
    """What the box says of itself; before it can say anything that is a problem too."""
    try:
        said = box.run(["parlor", "status", "--json"], check=False, timeout_s=ANSWER_TIMEOUT_S)
        return parse(said.stdout) if said.stdout else Health(problems=[said.stderr.strip()])
    except (BoxError, CommandError) as error:
        return Health(problems=[str(error)])


def parse(text: str) -> Health:
    """Read the answer of `parlor status --json`."""
    try:
        answer = json.loads(text)
    except ValueError:
        return Health(problems=[text.strip()])
    problems = [
        f"{each['label']}: {each['state']} {each['detail'] or ''}".rstrip()
        for each in answer["services"]
        if each["state"] not in ("ok", "off")
    ]
    problems += [answer["settings_problem"]] if answer["settings_problem"] else []
    error = answer["provisioning_error"] or ""
    return Health(answer["healthy"], answer["claimed"], error, problems)


def page_answers(address: str, port: int = 443) -> bool:
    """Whether the box's web server speaks HTTPS (whose certificate it is does not matter yet)."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    request = f"GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    try:
        plain = socket.create_connection((address, port), timeout=ANSWER_TIMEOUT_S)
        with plain, context.wrap_socket(plain) as secure:
            secure.sendall(request.encode())
            return secure.recv(4096).startswith(b"HTTP/1.1 ")
    except OSError:
        return False
