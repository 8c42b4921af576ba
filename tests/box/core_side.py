"""What the core of a box asks of its chat server, asked in the box itself as the core would."""

import json
from typing import Any

from tests.box.house import ClaimedBox

_PROGRAM = """
import asyncio, dataclasses, json, sys
from appliance.model import ParlorError
from appliance.system.xmpp_server import XmppServer
domain, method, *arguments = json.load(sys.stdin)
def plain(result):
    if isinstance(result, list):
        return [plain(each) for each in result]
    return dataclasses.asdict(result) if dataclasses.is_dataclass(result) else result
try:
    answer = {"result": plain(asyncio.run(getattr(XmppServer(domain), method)(*arguments)))}
except ParlorError as error:
    answer = {"error": type(error).__name__, "text": str(error)}
print(json.dumps(answer))
"""


class Refused(Exception):
    """The chat server, or the box before it, said no; `kind` names the error."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind = kind


def as_core(box: ClaimedBox, method: str, *arguments: Any) -> Any:
    """Run a method of `XmppServer`; a dataclass comes back as a dictionary. Raises `Refused`."""
    command = ["/usr/bin/python3", "-I", "-c", _PROGRAM]
    finished = box.box.run(command, stdin=json.dumps([box.domain, method, *arguments]))
    answer = json.loads(finished.stdout)
    if "error" in answer:
        raise Refused(answer["error"], answer["text"])
    return answer["result"]
