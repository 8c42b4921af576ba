"""The example practice in docs/examples/telemedicine: a patient books and waits, the doctor lets them in."""

import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from image.cache import REPOSITORY
from image.forward import free_port
from image.process import start
from tests.box.chromium import Driver, fill, one, press, submit, text, wait
from tests.box.house import ClaimedBox
from tests.box.room_page import CALL_S, sees, visitor, wait_for_others
from tests.box.test_meetings import new_key

FOLDER = REPOSITORY / "docs/examples/telemedicine"
PASSWORD = "an apple a day"


@contextmanager
def practice(box: ClaimedBox, key: str) -> Iterator[str]:
    """The website with this key; its address."""
    port = free_port()
    names = {"BOX": f"https://{box.domain}", "KEY": key, "DOCTOR_PASSWORD": PASSWORD}
    trust = {"BOX_CA": str(box.house.authority.path), "PYTHONDONTWRITEBYTECODE": "1"}
    code = (
        "import socket; real = socket.getaddrinfo\n"
        f"known = {{{box.domain!r}: {box.address!r}}}\n"
        "socket.getaddrinfo = lambda host, *a, **k: real(known.get(host, host), *a, **k)\n"
        f"from practice import app; app.run('127.0.0.1', {port}, threaded=True)"
    )
    env = dict(os.environ) | names | trust | {"PYTHONPATH": str(FOLDER)}
    process = start([sys.executable, "-c", code], output=box.house.folder / "practice.log", env=env)
    try:
        address = f"http://localhost:{port}"
        deadline = time.monotonic() + 20
        while True:
            try:
                urllib.request.urlopen(address).close()
                break
            except OSError:
                assert time.monotonic() < deadline, (box.house.folder / "practice.log").read_text()
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def go_in(driver: Driver) -> None:
    """Press Join inside the element's frame, and stay in the frame."""
    driver.switch_to.frame(one(driver, "parlor-room iframe"))
    wait(driver, lambda: one(driver, "#join").is_displayed(), CALL_S)
    press(driver, "#join")


def test_a_patient_waits_and_the_doctor_lets_them_in(box: ClaimedBox) -> None:
    with practice(box, new_key(box)) as address, visitor(box) as patient, visitor(box) as doctor:
        patient.get(address)
        fill(patient, "name", "Pat <i>Smith</i>")
        submit(patient, "form button")
        go_in(patient)
        patient.switch_to.default_content()
        wait(patient, lambda: "knows that you are here" in text(patient, "#words"), CALL_S)
        doctor.get(f"{address}/doctor")
        fill(doctor, "password", PASSWORD)
        submit(doctor, "form button")
        submit(doctor, "li a")
        assert "Pat <i>Smith</i>" in text(doctor)
        go_in(doctor)
        wait(doctor, lambda: "Pat" in text(doctor, "#door"), CALL_S)
        press(doctor, "#admit-all")
        (person,) = wait_for_others(doctor, 1)
        sees(doctor, person)
        wait(patient, lambda: "You are with Dr Ada" in text(patient, "#words"), CALL_S)
        patient.switch_to.frame(one(patient, "parlor-room iframe"))
        (other,) = wait_for_others(patient, 1)
        sees(patient, other)
        patient.switch_to.default_content()
        doctor.switch_to.default_content()
        submit(doctor, "#end")
        wait(patient, lambda: "The visit is over" in text(patient, "#words"), CALL_S)


def test_a_wrong_key_is_said_in_words(box: ClaimedBox) -> None:
    with practice(box, "parlor_wrong") as address:
        wanted = urllib.request.Request(f"{address}/book", data=b"name=Pat&time=09:00")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(wanted)
        page = refused.value.read().decode()
        refused.value.close()
        assert refused.value.code == 502
        assert "key" in page
