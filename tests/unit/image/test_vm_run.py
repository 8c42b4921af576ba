"""What `make vm` tells the person."""

from image.health import Health
from image.vm_run import greeting

PAGE = "https://localhost:8443/"


def test_a_new_machine_shows_its_page_and_claim_code() -> None:
    text = greeting(Health(healthy=True), PAGE, "ABCD-EFGH", 71.2)
    assert "ready (71 s)" in text
    assert PAGE in text
    assert "ABCD-EFGH" in text


def test_a_claimed_machine_shows_no_code() -> None:
    assert "Claim code" not in greeting(Health(healthy=True, claimed=True), PAGE, "", 10)


def test_a_machine_that_is_not_well_says_why() -> None:
    text = greeting(Health(problems=["Chat server: failed"]), PAGE, "ABCD-EFGH", 600)
    assert "not well" in text
    assert "Chat server: failed" in text
    assert PAGE in text
