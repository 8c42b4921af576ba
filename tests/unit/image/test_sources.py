"""apt's sources are derived from what mmdebstrap wrote, whatever mirror that was."""

from pathlib import Path

from image.sources import SOURCES, add_suite, of_suite, with_mirrors

WRITTEN = (
    "deb http://mirror.example/debian trixie main\n"
    "deb http://mirror.example/debian trixie-updates main\n"
    "deb http://security.example/debian-security trixie-security main\n"
)


def test_without_mirrors_nothing_changes() -> None:
    assert with_mirrors(WRITTEN, "", "") == WRITTEN


def test_a_mirror_serves_the_suite_and_its_updates_but_not_security() -> None:
    changed = with_mirrors(WRITTEN, "http://near.example/debian", "")
    assert changed.count("near.example") == 2
    assert "deb http://security.example/debian-security trixie-security main" in changed


def test_the_security_mirror_is_chosen_apart() -> None:
    changed = with_mirrors(WRITTEN, "", "http://near.example/security")
    assert changed.splitlines()[2] == "deb http://near.example/security trixie-security main"


def test_options_of_a_line_stay() -> None:
    line = "deb [signed-by=/keys/debian.gpg] http://mirror.example/debian trixie main\n"
    assert with_mirrors(line, "http://near.example", "") == (
        "deb [signed-by=/keys/debian.gpg] http://near.example trixie main\n"
    )
    assert of_suite(line, "deb-src", "forky") == (
        "deb-src [signed-by=/keys/debian.gpg] http://mirror.example/debian forky main\n"
    )


def test_a_suite_that_is_still_made_may_be_past_its_date() -> None:
    plain = "deb http://mirror.example/debian trixie main\n"
    assert of_suite(plain, "deb", "forky", "check-valid-until=no") == (
        "deb [check-valid-until=no] http://mirror.example/debian forky main\n"
    )
    signed = "deb [signed-by=/keys/debian.gpg] http://mirror.example/debian trixie main\n"
    assert of_suite(signed, "deb", "forky", "check-valid-until=no") == (
        "deb [check-valid-until=no signed-by=/keys/debian.gpg] http://mirror.example/debian forky main\n"
    )


def test_another_suite_comes_from_the_mirror_that_has_trixie(tmp_path: Path) -> None:
    (tmp_path / SOURCES).parent.mkdir(parents=True)
    (tmp_path / SOURCES).write_text(WRITTEN)
    add_suite(tmp_path, "deb", "trixie-backports")
    assert (tmp_path / SOURCES).read_text() == (f"{WRITTEN}deb http://mirror.example/debian trixie-backports main\n")
