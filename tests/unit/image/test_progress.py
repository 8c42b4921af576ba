"""Without a terminal progress is plain lines: no control characters in a CI log."""

import re

import pytest

from image.progress import step


def test_a_step_says_when_it_starts_and_how_long_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    with step("building"):
        assert capsys.readouterr().out == "  building …\n"
    assert re.fullmatch(r"  building: \d+ s\n", capsys.readouterr().out)


def test_a_failed_step_does_not_claim_to_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="broken"), step("building"):
        raise ValueError("broken")
    assert capsys.readouterr().out == "  building …\n"
