"""RAUC's configuration on each board."""

import configparser

import pytest

from image.board import Board
from image.slots import compatible, system_conf


def parsed(board: Board) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(system_conf(board, "1.2.3"))
    return parser


@pytest.mark.parametrize("board", Board)
def test_bundles_are_for_this_board_not_older_and_checked_in_full(board: Board) -> None:
    conf = parsed(board)
    assert conf["system"]["compatible"] == compatible(board) == f"parlor-{board}"
    assert conf["system"]["min-bundle-version"] == "1.2.3"
    assert conf["system"]["bundle-formats"] == "verity"
    assert dict(conf["keyring"]) == {
        "path": "/usr/share/parlor/keyring.pem",
        "check-crl": "true",
        "check-purpose": "codesign",
        "use-bundle-signing-time": "false",
    }


@pytest.mark.parametrize("board", Board)
def test_each_side_is_a_slot_that_the_boot_loader_knows(board: Board) -> None:
    conf = parsed(board)
    assert [conf[f"slot.rootfs.{side}"]["bootname"] for side in (0, 1)] == ["A", "B"]
    assert conf["slot.rootfs.1"]["device"] == "/dev/disk/by-partlabel/root-b"
    assert conf["system"]["bootloader"] == {Board.X86: "grub", Board.RPI: "custom"}[board]


def test_the_pi_keeps_its_boot_partition_twice_beside_the_root() -> None:
    slot = parsed(Board.RPI)["slot.boot.1"]
    assert dict(slot) == {"device": "/dev/disk/by-partlabel/boot-b", "type": "vfat", "parent": "rootfs.1"}
