"""What the person in front of `make run` is told."""

import json

from image.health import Health, parse
from image.run import greeting

PAGE = "https://localhost:8443/"


def answer(**changes: object) -> str:
    service = {"service": "nginx", "label": "Web server", "state": "ok", "detail": ""}
    status = {"healthy": True, "claimed": False, "settings_problem": None, "provisioning_error": None}
    return json.dumps({**status, "services": [service], **changes})


def test_a_healthy_answer_has_no_problems() -> None:
    assert parse(answer()) == Health(healthy=True)


def test_a_failed_service_is_a_problem_by_its_label() -> None:
    failed = {"service": "chat", "label": "Chat", "state": "failed", "detail": "exit status 1"}
    off = {"service": "clock", "label": "Clock", "state": "off", "detail": "not needed"}
    health = parse(answer(healthy=False, services=[failed, off], settings_problem="Settings are torn."))
    assert health.problems == ["Chat: failed exit status 1", "Settings are torn."]


def test_what_is_no_json_is_a_problem_as_it_stands() -> None:
    assert parse("The core does not answer.\n").problems == ["The core does not answer."]


def test_a_new_box_gives_page_and_code() -> None:
    text = greeting(Health(healthy=True), PAGE, "ABCD-EFGH", 4.2)
    assert "ready (4.2 s)" in text
    assert PAGE in text
    assert "ABCD-EFGH" in text


def test_a_claimed_box_gives_no_code() -> None:
    text = greeting(Health(healthy=True, claimed=True), PAGE, "", 4.2)
    assert PAGE in text
    assert "Claim code" not in text


def test_a_sick_box_is_not_called_ready() -> None:
    text = greeting(Health(problems=["Chat: failed"]), PAGE, "ABCD-EFGH", 90)
    assert "ready" not in text
    assert "Chat: failed" in text


def test_a_refused_provisioning_file_is_told_with_the_reason() -> None:
    text = greeting(Health(healthy=True, provisioning_error="admin.name: too long"), PAGE, "A", 4)
    assert "The provisioning file was refused: admin.name: too long" in text
