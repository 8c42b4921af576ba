"""A program's failure says which program, how, and what it wrote."""

from pathlib import Path

import pytest

from image.process import CommandError, interact, run, tail


def test_output_and_errors_are_returned() -> None:
    done = run(["sh", "-c", "cat; echo wrong >&2"], stdin="right")
    assert (done.returncode, done.stdout, done.stderr) == (0, "right", "wrong\n")


def test_a_failure_names_the_command_and_its_errors() -> None:
    with pytest.raises(CommandError, match=r"(?s)sh -c 'echo no >&2; exit 3': exit status 3.*no"):
        run(["sh", "-c", "echo no >&2; exit 3"])


def test_a_failure_can_be_looked_at_instead() -> None:
    assert run(["false"], check=False).returncode == 1


def test_a_missing_program_is_a_command_error() -> None:
    with pytest.raises(CommandError, match="/no/such/program: cannot be started"):
        run(["/no/such/program"])


def test_a_program_that_takes_too_long_is_ended() -> None:
    with pytest.raises(CommandError, match="sleep 60: not done after 0 s"):
        run(["sleep", "60"], timeout_s=0.1)


def test_a_logged_failure_shows_the_end_of_the_log_and_where_it_is(tmp_path: Path) -> None:
    log = tmp_path / "logs/some.log"
    with pytest.raises(CommandError) as caught:
        run(["sh", "-c", "seq 100; exit 1"], log=log)
    assert "100" in str(caught.value)
    assert "\n50\n" not in str(caught.value)
    assert str(log) in str(caught.value)
    assert log.read_text().startswith("1\n2\n")


def test_the_tail_takes_a_progress_bar_apart(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert tail(log) == ""
    log.write_text("first\n10 %\r20 %\r30 %")
    assert tail(log, 1) == "30 %"


def test_a_signal_is_told_as_a_shell_tells_it() -> None:
    assert interact(["sh", "-c", "kill -TERM $$"]) == 128 + 15
    assert interact(["sh", "-c", "exit 7"]) == 7
