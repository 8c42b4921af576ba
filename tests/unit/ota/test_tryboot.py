"""The Raspberry Pi's slots against a simulated firmware, with the power cut at every step."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from image import process
from ota import try_start, tryboot
from ota.tryboot import Choice, Places, Record, main, parse, render, with_primary, with_state
from tests.image import firmware
from tests.power import Mains, PowerCut

OTHER = {"A": "B", "B": "A"}
BOOT_FILES = {"config.txt": b"", "start4.elf": b""}


def places_in(folder: Path, running: str = "A") -> Places:
    for name in ("boot", "data", "run"):
        (folder / name).mkdir(exist_ok=True)
    places = Places(
        folder / "boot/autoboot.txt", folder / "data/tryboot.json", folder / "run/reboot-param", folder / "cmdline"
    )
    places.command_line.write_text(f"root=PARTLABEL=root-{running.lower()} rauc.slot={running} panic=10\n")
    return places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    found = places_in(tmp_path)
    found.autoboot.write_bytes(render("A"))
    return found


def disk_of(places: Places) -> dict[int, dict[str, bytes]]:
    """What the firmware sees: the boot partition of people, one of each slot, and partitions that are no FAT."""
    autoboot = {"autoboot.txt": places.autoboot.read_bytes()} if places.autoboot.exists() else {}
    return {1: {"README.txt": b"", **autoboot}, 2: BOOT_FILES, 3: BOOT_FILES, 4: {}, 5: {}, 6: {}, 7: {}}


def booted(places: Places, *, flag: bool = False) -> str:
    found = firmware.boot(disk_of(places), tryboot=flag)
    assert found is not None, "the firmware stops"
    assert found.config == "config.txt"
    return tryboot.SLOTS[found.partition]


def ask(places: Places, *words: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(words, places) == 0
    return capsys.readouterr().out.strip()


def test_the_file_is_what_the_firmware_understands(places: Places) -> None:
    for slot in ("A", "B"):
        places.autoboot.write_bytes(render(slot))
        assert len(render(slot)) <= firmware.LIMIT
        assert booted(places) == slot
        assert booted(places, flag=True) == OTHER[slot]


def test_both_files_have_one_length_so_that_one_sector_changes(places: Places) -> None:
    assert len(render("A")) == len(render("B"))
    inode = places.autoboot.stat().st_ino
    tryboot.write_autoboot(places.autoboot, "B")
    assert places.autoboot.read_bytes() == render("B")
    assert places.autoboot.stat().st_ino == inode


@pytest.mark.parametrize("content", [None, b"", b"boot_partition=3", b"\0" * 70, render("B") + b"# mine\n"])
def test_a_file_that_is_not_ours_is_replaced(places: Places, content: bytes | None) -> None:
    places.autoboot.unlink()
    if content is not None:
        places.autoboot.write_bytes(content)
    try_start.start(places, lambda: pytest.fail("nothing waits"))
    assert places.autoboot.read_bytes() == render("A")


def test_without_the_file_the_firmware_boots_what_we_think_it_does(places: Places) -> None:
    places.autoboot.unlink()
    assert booted(places) == tryboot.FALLBACK == tryboot.look(places).committed


def test_an_installation_is_tried_and_committed_once_it_is_good(
    places: Places, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(places, "get-current", capsys=capsys) == "A"
    assert ask(places, "get-state", "A", capsys=capsys) == "good"
    assert ask(places, "get-state", "B", capsys=capsys) == "bad"
    ask(places, "set-state", "B", "bad", capsys=capsys)
    ask(places, "set-primary", "B", capsys=capsys)
    assert ask(places, "get-primary", capsys=capsys) == "B"
    assert ask(places, "get-state", "B", capsys=capsys) == "good"
    assert booted(places) == "A", "a power cut now does not start what nobody has tried"
    with restarting():
        assert try_start.main(["stop"], places) == 0
    assert booted(places, flag=firmware.flag_of(places.reboot_parameter.read_text())) == "B"

    places = places_in(tmp_path, running="B")
    assert ask(places, "get-primary", capsys=capsys) == "B"
    assert booted(places) == "A", "it has not proved itself yet"
    ask(places, "set-state", "B", "good", capsys=capsys)
    assert booted(places) == "B"
    assert ask(places, "get-state", "A", capsys=capsys) == "good"


def test_a_try_that_failed_is_not_repeated(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    ask(places, "set-primary", "B", capsys=capsys)
    with restarting():
        assert try_start.main(["stop"], places) == 0
    places.reboot_parameter.unlink()  # it is in memory
    assert ask(places, "get-primary", capsys=capsys) == "A"
    try_start.start(places, lambda: pytest.fail("a second try"))
    with restarting():
        assert try_start.main(["stop"], places) == 0
    assert not places.reboot_parameter.exists()


def test_a_version_that_waits_is_tried_at_the_next_start_whoever_caused_it(places: Places) -> None:
    assert main(["set-primary", "B"], places) == 0
    restarts: list[str] = []
    try_start.start(places, lambda: restarts.append(places.reboot_parameter.read_text()))
    assert restarts == ["0 tryboot"]


def test_what_was_answered_is_still_true_after_a_power_cut(places: Places) -> None:
    mains = Mains()
    with mains.on():
        assert main(["set-primary", "B"], places) == 0
    mains.fail(lose=True)
    assert tryboot.look(places).waiting
    places.autoboot.write_bytes(b"somebody's")
    with mains.on():
        try_start.start(places, lambda: None)
    mains.fail(lose=True)
    assert places.autoboot.read_bytes() == render("A")
    assert tryboot.look(places).record.tried


def test_powering_off_is_no_try(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    ask(places, "set-primary", "B", capsys=capsys)
    with restarting(now=False):
        assert try_start.main(["stop"], places) == 0
    assert not places.reboot_parameter.exists()
    assert tryboot.look(places).waiting


def test_a_new_version_that_is_bad_leaves_the_old_one(places: Places, tmp_path: Path) -> None:
    assert main(["set-primary", "B"], places) == 0
    places = places_in(tmp_path, running="B")
    assert main(["set-state", "B", "bad"], places) == 0
    assert booted(places) == "A"
    assert tryboot.look(places).primary == "A"


def test_a_committed_slot_that_turns_bad_gives_way_to_a_good_one_only() -> None:
    both = Choice("B", "B", Record(good=("A", "B")))
    assert with_state(both, "B", good=False).committed == "A"
    alone = Choice("B", "B", Record(good=("B",)))
    assert with_state(alone, "B", good=False).committed == "B"


def test_the_slot_that_would_boot_is_never_overwritten() -> None:
    on_trial = Choice("B", "A", Record("B", tried=True, good=("A", "B")))
    assert with_state(on_trial, "A", good=False).committed == "B"


def test_choosing_the_running_slot_again_takes_the_choice_back() -> None:
    chosen = with_primary(Choice("A", "A"), "B")
    assert chosen.waiting
    assert chosen.primary == "B"
    assert with_primary(chosen, "A").primary == "A"
    assert not with_primary(chosen, "A").waiting


@pytest.mark.parametrize(
    "words", [(), ("get-state",), ("get-state", "C"), ("set-state", "A", "fine"), ("set-primary", "rootfs.0"), ("x",)]
)
def test_calls_that_are_none_change_nothing(
    places: Places, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words, places) == 1
    assert "no such call" in capsys.readouterr().err
    assert not places.record.exists()


def test_what_rauc_asks_is_answered_without_loading_the_appliance() -> None:
    loaded = (
        "import sys, ota.tryboot; print([name for name in sys.modules if name.startswith(('pydantic', 'asyncio'))])"
    )
    assert process.run([sys.executable, "-c", loaded]).stdout == "[]\n"


def test_a_record_that_is_damaged_tries_nothing(places: Places) -> None:
    for content in (b"", b"{", b"[]", b'{"candidate": "Z", "tried": false, "good": ["A"]}', b'{"good": 3}'):
        places.record.write_bytes(content)
        assert not tryboot.look(places).waiting


def test_no_slot_on_the_command_line_is_said(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    places.command_line.write_text("root=/dev/sda1\n")
    assert main(["get-current"], places) == 1
    assert "rauc.slot" in capsys.readouterr().err


def test_the_job_list_tells_a_restart_from_power_off() -> None:
    for lines, expected in (
        ("1 reboot.target start waiting\n2 parlor-tryboot.service stop running\n", True),
        ("1 poweroff.target start waiting\n2 reboot.target stop waiting\n", False),
        ("", False),
    ):

        async def listed(_argv: list[str], answer: str = lines) -> str:
            return answer

        with patch.object(try_start, "run", listed):
            assert try_start.restarting() is expected


@contextmanager
def restarting(*, now: bool = True) -> Iterator[None]:
    with patch.object(try_start, "restarting", lambda: now):
        yield


class Board(RuleBasedStateMachine):
    """A board that is updated, restarted and unplugged at any moment; it always starts something whole."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.places = places_in(Path(self.folder.name))
        self.places.autoboot.write_bytes(render("A"))
        self.mains = Mains()
        self.content: dict[str, int | None] = {"A": 1, "B": None}  # versions; None while it is half written
        self.proven = {1}
        self.newest = 1
        self.running = "A"
        self.expected = "A"  # what a restart without a try has to boot
        self.broken = False  # somebody spoiled autoboot.txt, and nobody has mended it yet

    def teardown(self) -> None:
        self.folder.cleanup()

    @invariant()
    def what_runs_is_whole(self) -> None:
        assert self.content[self.running] is not None

    @rule(cut=st.none() | st.integers(0, 14), half=st.booleans(), lose=st.booleans())
    def install(self, cut: int | None, half: bool, lose: bool) -> None:
        target = OTHER[self.running]
        if target == self.expected:
            self.proven.add(self.version)  # Installing over the old version accepts the new one.
            self.expected = ""  # Until that is done, either will do.
        with self.power(cut, lose):
            self.call("set-state", target, "bad")
            self.expected, self.broken = self.running, self.broken and target != tryboot.FALLBACK
            self.content[target] = None
            if half:
                raise PowerCut
            self.newest += 1
            self.content[target] = self.newest
            self.call("set-primary", target)

    @rule(cut=st.none() | st.integers(0, 10), lose=st.booleans())
    def restart(self, cut: int | None, lose: bool) -> None:
        with self.power(cut, lose):
            with restarting():
                assert try_start.main(["stop"], self.places) == 0
            self.turn_on(self.parameter())

    @rule(cut=st.none() | st.integers(0, 10), lose=st.booleans())
    def call_good(self, cut: int | None, lose: bool) -> None:
        self.proven.add(self.version)
        with self.power(cut, lose):
            before, self.expected = self.expected, ""  # Until it is done, either will do.
            self.call("set-state", self.running, "good")
            self.expected, self.broken = self.running, self.broken and before == self.running

    @rule(cut=st.none() | st.integers(0, 10), lose=st.booleans())
    @precondition(lambda self: self.running != self.expected)
    def call_bad(self, cut: int | None, lose: bool) -> None:
        with self.power(cut, lose):
            self.call("set-state", self.running, "bad")
            with restarting():
                assert try_start.main(["stop"], self.places) == 0
            self.turn_on(self.parameter())

    @rule(slot=st.sampled_from("AB"), cut=st.none() | st.integers(0, 10), lose=st.booleans())
    def choose(self, slot: str, cut: int | None, lose: bool) -> None:
        if self.content[slot] is not None:
            with self.power(cut, lose):
                self.call("set-primary", slot)

    @rule(lose=st.booleans())
    def unplug(self, lose: bool) -> None:
        with self.power(None, lose):
            raise PowerCut

    @rule(content=st.none() | st.binary(max_size=600))
    @precondition(lambda self: self.content[tryboot.FALLBACK] is not None and self.expected)
    def somebody_spoils_autoboot(self, content: bytes | None) -> None:
        self.places.autoboot.unlink(missing_ok=True)
        if content is not None:
            self.places.autoboot.write_bytes(content)
        self.broken = True
        self.proven |= {version for version in self.content.values() if version}

    @property
    def version(self) -> int:
        version = self.content[self.running]
        assert version is not None
        return version

    def call(self, *words: str) -> None:
        assert main(words, self.places) == 0

    def parameter(self) -> str:
        """What systemd-shutdown reads last."""
        return self.places.reboot_parameter.read_text() if self.places.reboot_parameter.exists() else ""

    @contextmanager
    def power(self, cut: int | None, lose: bool) -> Iterator[None]:
        """The body runs until the power is cut, after which the board is plugged in again."""
        self.mains.cut_after = cut
        try:
            with self.mains.on():
                yield
            self.mains.cut_after = None
        except PowerCut:
            self.mains.fail(lose=lose)
            with self.mains.on():
                self.turn_on("")

    def turn_on(self, parameter: str, restarts: int = 0) -> None:
        assert restarts <= 1, "it restarts again and again"
        found = firmware.boot(disk_of(self.places), tryboot=firmware.flag_of(parameter))
        assert found is not None
        self.places.reboot_parameter.unlink(missing_ok=True)
        self.running = tryboot.SLOTS[found.partition]
        assert self.content[self.running] is not None, "it starts what is half written"
        if not found.tryboot:
            assert self.version in self.proven, "it starts for good what nobody has tried"
            if self.expected and not self.broken:
                assert self.running == self.expected
            self.expected = self.running
        places_in(Path(self.folder.name), self.running)
        again: list[None] = []
        try_start.start(self.places, lambda: again.append(None))
        if self.broken and (mended := parse(self.places.autoboot.read_bytes())):
            self.broken, self.expected = False, mended
        if again:
            self.turn_on(self.parameter(), restarts + 1)


TestBoard = Board.TestCase
TestBoard.settings = settings(
    max_examples=40, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_every_step_of_a_whole_update_can_be_the_last() -> None:
    """The same without chance: one update, the power cut after 0, 1, 2 … system calls, lost or kept."""
    booted_slots = set()
    for lose in (False, True):
        for cut in range(60):
            board = Board()
            board.install(None, half=False, lose=False)
            board.mains.cut_after = cut
            try:
                with board.mains.on():
                    with restarting():
                        assert try_start.main(["stop"], board.places) == 0
                    board.turn_on(board.parameter())
                    board.proven.add(board.version)
                    board.expected = ""
                    board.call("set-state", board.running, "good")
                    board.expected = board.running
            except PowerCut:
                pass
            board.mains.fail(lose=lose)
            with board.mains.on():
                board.turn_on("")
            booted_slots.add(board.running)
            board.teardown()
    assert booted_slots == {"A", "B"}


def test_a_try_boot_needs_the_flag_and_leaves_none(places: Places) -> None:
    found = firmware.boot(disk_of(places), tryboot=True)
    assert found is not None
    assert replace(found, tryboot=False) != firmware.boot(disk_of(places))
