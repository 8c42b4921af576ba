"""What Raspberry Pi Imager reads."""

import base64
import datetime as dt
import json
import xml.etree.ElementTree as ET

from image.board import Board
from image.os_list import Offer, os_list

IMAGE = Offer("parlor-rpi-1.2.3+g1.img.xz", "1.2.3+g1", dt.date(2026, 11, 22), 300, "ab" * 32, 4000, "cd" * 32)


def test_the_entry_says_where_the_image_is_and_how_it_is_verified() -> None:
    (entry,) = json.loads(os_list(IMAGE, Board.RPI, "https://example.org/images/"))["os_list"]
    assert entry["url"] == "https://example.org/images/parlor-rpi-1.2.3%2Bg1.img.xz"
    assert (entry["extract_size"], entry["extract_sha256"]) == (4000, "cd" * 32)
    assert (entry["image_download_size"], entry["image_download_sha256"]) == (300, "ab" * 32)
    assert entry["release_date"] == "2026-11-22"
    assert entry["devices"] == ["pi4-64bit", "pi5-64bit"]
    assert entry["init_format"] == "none"
    assert "1.2.3" in entry["name"]
    assert entry["description"]


def test_the_icon_is_a_picture() -> None:
    (entry,) = json.loads(os_list(IMAGE, Board.RPI))["os_list"]
    kind, _, data = entry["icon"].partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert ET.fromstring(base64.b64decode(data)).tag.endswith("svg")


def test_without_an_address_it_is_easy_to_see_what_is_missing() -> None:
    (entry,) = json.loads(os_list(IMAGE, Board.RPI))["os_list"]
    assert entry["url"].startswith("https://example.invalid/")
