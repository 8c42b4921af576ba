"""Programs in a box that call the core as the portal's user does: what a broken portal could try."""

import json
from typing import Any

from image.box import Box

_HEAD = """
import json, threading
from appliance.client import Client
from appliance.model import ParlorError

def call(method, path, body=None, token="", address="10.0.0.9"):
    try:
        return Client(token=token, address=address).call(method, path, body)
    except ParlorError as error:
        keys = [problem.key for problem in error.problems]
        return {"error": error.code, "message": str(error), "params": error.params, "problems": keys}

def at_once(count, work):
    answers, gate = [], threading.Barrier(count)
    def one(index):
        gate.wait()
        answers.append(work(index))
    threads = [threading.Thread(target=one, args=(index,)) for index in range(count)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return answers
"""


def as_portal(box: Box, body: str, user: str = "parlor-portal", **values: Any) -> Any:
    """Run `body` (which sets `result`) in the box with `call` and `at_once` at hand; returns `result`."""
    given = "".join(f"{name} = json.loads({json.dumps(json.dumps(value))})\n" for name, value in values.items())
    script = f"{_HEAD}\n{given}\n{body}\nprint(json.dumps(result))\n"
    return json.loads(box.run(["python3", "-"], stdin=script, user=user, timeout_s=120).stdout)
