"""The screen: the code while nobody owns the box, never afterwards."""

from typing import Any

from appliance.console import screen, watch
from appliance.model import Conflict, Unavailable

FRESH = {"claimed": False, "hosts": ["parlor.local"], "notices": []}
OWNED = {"claimed": True, "hosts": ["chat.example.org", "parlor.local"]}


class Core:
    """A core that gives these answers in turn; an answer may be an error to raise."""

    def __init__(self, *boxes: Any, code: Any = "ABCD-EFGH") -> None:
        self.boxes = list(boxes)
        self.code = code

    def call(self, _method: str, path: str) -> Any:
        answer = self.boxes.pop(0) if path == "/v1/box" else self.code
        if isinstance(answer, Exception):
            raise answer
        return answer if path == "/v1/box" else {"code": answer}


def seen(core: Core) -> list[str]:
    return list(watch(core, iter(range(len(core.boxes)))))  # type: ignore[arg-type]


def test_a_fresh_box_shows_name_address_and_code() -> None:
    text = screen(FRESH, "ABCD-EFGH", "192.0.2.7")
    for part in ("https://parlor.local", "https://192.0.2.7", "ABCD-EFGH", "código", "Öffnen"):
        assert part in text


def test_a_box_whose_disk_was_lost_says_so_in_every_language() -> None:
    text = screen({**FRESH, "notices": [{"code": "disk-lost"}]}, "ABCD-EFGH", "")
    for part in ("replace it", "cámbielo", "ersetzen", "ABCD-EFGH"):
        assert part in text
    assert "replace it" not in screen({**FRESH, "notices": [{"code": "failed"}]}, "ABCD-EFGH", "")


def test_the_smallest_screen_has_room_for_all_of_it() -> None:
    """The text mode of a PC, 80 columns and 25 lines, two of which stay empty above."""
    lost = {**FRESH, "hosts": ["parlor.local", "chat.example.org"], "notices": [{"code": "disk-lost"}]}
    for text in (screen(None, "", ""), screen(lost, "ABCD-EFGH", "192.0.2.77"), screen(OWNED, "", "192.0.2.77")):
        assert max(len(line) for line in text.splitlines()) < 80
        assert len(text.splitlines()) <= 23


def test_an_owned_box_shows_no_code() -> None:
    (text,) = seen(Core(OWNED))
    assert "https://chat.example.org" in text
    assert "ABCD" not in text


def test_a_box_that_is_claimed_at_this_moment_shows_no_code() -> None:
    (text,) = seen(Core(FRESH, code=Conflict("claimed")))
    assert "ABCD" not in text


def test_a_starting_box_says_so() -> None:
    assert "starting" in seen(Core(Unavailable("not yet")))[0]


def test_it_writes_only_what_changed_and_clears_the_code_away() -> None:
    texts = seen(Core(Unavailable("not yet"), FRESH, FRESH, OWNED, OWNED))
    assert len(texts) == 3
    assert all(text.startswith("\033[H\033[2J\033[3J") for text in texts)


def test_without_a_network_the_name_is_enough() -> None:
    assert "https://\n" not in screen(FRESH, "ABCD-EFGH", "") + "\n"
