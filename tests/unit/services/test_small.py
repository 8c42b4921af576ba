"""Clock, pages and host name."""

import json

import pytest
from pydantic import SecretStr

from appliance import services
from appliance.model import RUN
from appliance.services import chrony, hostname, portal
from appliance.settings import Secrets, Settings
from tests.unit.services.samples import RENAMED, STATES, UNCLAIMED, host


def test_a_container_has_its_hosts_clock() -> None:
    assert chrony.render(UNCLAIMED, host(container=True)) == ()
    assert chrony.render(UNCLAIMED, host(container=False))


def test_the_clock_serves_nobody() -> None:
    lines = chrony.render(UNCLAIMED, host())[0].content.decode().splitlines()
    assert {"port 0", "cmdport 0"} <= set(lines)


def test_the_pages_learn_their_key_and_where_the_core_is() -> None:
    settings = UNCLAIMED.model_copy(update={"secrets": Secrets(portal=SecretStr("ab" * 32))})
    (file,) = portal.render(settings, host())
    assert json.loads(file.content) == {
        "secret_key": "ab" * 32,
        "language": "en",
        "core_socket": "/run/parlor/core.sock",
    }
    assert file.group == "parlor-portal"


def test_the_machine_is_named_after_the_box() -> None:
    assert hostname.render(RENAMED, host())[0].content == b"den\n"


@pytest.mark.parametrize("settings", STATES)
def test_every_service_writes_below_its_own_folder_for_one_group(settings: Settings) -> None:
    for service in services.load():
        if service.enabled(settings):
            files = service.render(settings, host())
            assert len({file.group for file in files}) <= 1
            for file in files:
                assert file.path.is_relative_to(RUN / service.name), file.path
                assert not file.mode & 0o027


@pytest.mark.parametrize("settings", STATES)
def test_rendering_is_pure(settings: Settings) -> None:
    for service in services.load():
        if service.enabled(settings):
            assert service.render(settings, host()) == service.render(settings, host())
