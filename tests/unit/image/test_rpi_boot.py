"""What the Raspberry Pi's firmware is told."""

from image.disk import rpi
from ota import tryboot


def test_config_txt_ends_outside_of_all_filters() -> None:
    assert rpi.config().rstrip().endswith("[all]"), "EEPROM settings are appended to it"


def test_each_slot_has_its_own_command_line() -> None:
    config = rpi.config()
    for slot, number in tryboot.PARTITIONS.items():
        assert f"[boot_partition={number}]\ncmdline=cmdline-{slot.lower()}.txt\n" in config
        assert f"root=PARTLABEL=root-{slot.lower()} rauc.slot={slot} " in rpi.command_line(slot)


def test_people_find_a_note_that_windows_can_show() -> None:
    assert b"parlor.toml" in rpi.boot_files()["README.txt"]
    assert b"\r\n" in rpi.boot_files()["README.txt"]
