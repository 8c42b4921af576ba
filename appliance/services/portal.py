"""The pages: setup wizard and admin portal, behind nginx and without a network of its own."""

import json

from appliance.model import (
    CORE_SOCKET,
    PORTAL_SOCKET,
    RUN,
    Check,
    Host,
    Probe,
    RenderedFile,
    Service,
    always,
)
from appliance.settings import N_, Settings

FOLDER = RUN / "portal"


def render(settings: Settings, _host: Host) -> tuple[RenderedFile, ...]:
    """What the pages need to start: the key of their cookies, the first language, and where the core is."""
    content = {
        "secret_key": settings.secrets.portal.get_secret_value(),
        "language": settings.box.language.value,
        "core_socket": str(CORE_SOCKET),
    }
    return (RenderedFile(FOLDER / "portal.json", json.dumps(content).encode(), group="parlor-portal"),)


SERVICE = Service(
    name="portal",
    label=N_("Setup and admin pages"),
    unit="parlor-portal.service",
    render=render,
    enabled=always,
    checks=(Check(Probe.HTTP, f"unix:{PORTAL_SOCKET}:/health"),),
    can_reload=False,
)
