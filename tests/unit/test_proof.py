"""The account of a proof: made for it, kept while it runs, gone afterwards whatever happened."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from appliance.core import proof
from appliance.core.jobs import Job, Jobs, JobState
from appliance.core.owner import Owner
from appliance.core.proof import Proof
from appliance.model import Unavailable
from appliance.settings import OWN_ACCOUNT, Settings
from appliance.system import units

SETTINGS = Settings().model_copy(
    update={"claimed": True, "domain": Settings().domain.model_copy(update={"name": "one.example"})}
)


class Chat:
    """A chat server that holds accounts."""

    accounts: list[str]
    answers: bool

    def __init__(self, _domain: str) -> None:
        pass

    async def register(self, name: str, _password: str) -> None:
        self.accounts.append(name)

    async def own_accounts(self) -> list[str]:
        if not self.answers:
            raise Unavailable("The chat server does not answer. Try again in a moment.")
        return [name for name in self.accounts if name.startswith(OWN_ACCOUNT)]

    async def delete(self, name: str) -> None:
        self.accounts.remove(name)


class House(Owner):
    """An owner whose services are all well."""

    def __init__(self) -> None:
        self.settings = SETTINGS

    async def wait_until_well(self, timeout_s: float) -> None:
        pass


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> type[Chat]:
    Chat.accounts, Chat.answers = ["ann"], True
    monkeypatch.setattr(proof, "XmppServer", Chat)
    monkeypatch.setattr(proof, "TASK", tmp_path / "proof" / "task.json")
    monkeypatch.setattr(proof, "RESULT", tmp_path / "result.json")
    monkeypatch.setattr(proof, "_task", lambda _settings, name, password: {"name": name, "password": password})
    return Chat


def program(monkeypatch: pytest.MonkeyPatch, result: Any, running: asyncio.Event | None = None) -> list[dict[str, str]]:
    """Let the program say this; returns the tasks it gets. With `running` it ends when that is set."""
    tasks = []

    async def run_once(_unit: str, _timeout_s: float) -> None:
        tasks.append(json.loads(proof.TASK.read_text()))
        assert proof.TASK.stat().st_mode & 0o777 == 0o600
        if running:
            await running.wait()
        proof.RESULT.write_text(result if isinstance(result, str) else json.dumps(result))

    monkeypatch.setattr(units, "run_once", run_once)
    return tasks


async def ended(job: Job) -> Job:
    for _ in range(500):
        if job.state is not JobState.RUNNING:
            return job
        await asyncio.sleep(0.01)
    raise TimeoutError


def test_it_gets_an_account_that_is_gone_afterwards(chat: type[Chat], monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = program(monkeypatch, {"failed": "", "why": ""})

    async def scene() -> None:
        assert (await ended(Proof(House(), Jobs()).begin())).state is JobState.DONE

    asyncio.run(scene())
    assert tasks[0]["name"].startswith(OWN_ACCOUNT)
    assert len(tasks[0]["password"]) > 30
    assert chat.accounts == ["ann"]
    assert not proof.TASK.exists()


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ({"failed": "message", "why": "it\nwas\x1b[2J lost"}, "A message does not arrive: it�was�[2J lost"),
        ({"failed": "nothing of ours", "why": "x"}, "broke off"),
        ("no JSON", "broke off"),
        ({"why": "x"}, "broke off"),
        ("x" * 20_000, "broke off"),
    ],
)
def test_what_the_program_says_becomes_one_of_our_sentences(
    chat: type[Chat], monkeypatch: pytest.MonkeyPatch, result: Any, words: str
) -> None:
    program(monkeypatch, result)

    async def scene() -> None:
        job = (await ended(Proof(House(), Jobs()).begin())).document()
        assert words in job["error"]["message"]

    asyncio.run(scene())
    assert chat.accounts == ["ann"]


def test_two_at_once_are_one_and_tidying_waits_for_it(chat: type[Chat], monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        done = asyncio.Event()
        tasks = program(monkeypatch, {"failed": "", "why": ""}, done)
        made = Proof(House(), Jobs())
        first, second = made.begin(), made.begin()
        assert first is second
        for _ in range(100):
            await asyncio.sleep(0)
        await made.tidy()
        assert tasks[0]["name"] in chat.accounts
        done.set()
        await ended(first)
        assert chat.accounts == ["ann"]

    asyncio.run(scene())


def test_what_a_power_cut_left_behind_goes_once_the_chat_server_answers(chat: type[Chat]) -> None:
    chat.accounts += [f"{OWN_ACCOUNT}left"]
    chat.answers = False

    async def scene() -> None:
        made = Proof(House(), Jobs())
        await made.tidy()
        assert len(chat.accounts) == 2
        chat.answers = True
        await made.tidy()
        assert chat.accounts == ["ann"]

    asyncio.run(scene())
