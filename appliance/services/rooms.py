"""The rooms' daemon: who may do what in a conference, in front of Janus."""

import json

from appliance.model import (
    DATA,
    ROOMS_SOCKET,
    RUN,
    Check,
    Directory,
    Host,
    Probe,
    RenderedFile,
    Service,
    when_claimed,
)
from appliance.services.janus import API_SOCKET
from appliance.settings import N_, DomainKind, Settings
from appliance.xmpp.listeners import STUN

FOLDER = RUN / "rooms"
FILES = DATA / "rooms"  # meetings
RECORDINGS = DATA / "recordings"


def render(settings: Settings, _host: Host) -> tuple[RenderedFile, ...]:
    """Keys, the rules of the settings, and where Janus and the relay are."""
    content = {
        "key": settings.secrets.rooms.get_secret_value(),
        "domain": settings.domain.name,
        "language": settings.box.language.value,
        "time_zone": settings.box.time_zone,
        "janus": str(API_SOCKET),
        "admins": settings.people.admins,
        "rooms": settings.rooms.model_dump(mode="json"),
        "relay": {
            "secret": settings.secrets.turn.get_secret_value(),
            "port": STUN,
            "domain": settings.domain.name,
            "web_name": settings.hosts.proxy if settings.domain.kind is DomainKind.OWN else "",
        },
    }
    return (RenderedFile(FOLDER / "rooms.json", json.dumps(content).encode(), group="parlor-rooms"),)


SERVICE = Service(
    name="rooms",
    label=N_("Conference rooms"),
    unit="parlor-rooms.service",
    render=render,
    enabled=when_claimed,
    checks=(Check(Probe.HTTP, f"unix:{ROOMS_SOCKET}:/health"),),
    directories=(
        Directory(FILES, "parlor-rooms", 0o700),
        Directory(RECORDINGS, "parlor-rooms", 0o711),
        Directory(RECORDINGS / "ended", "parlor-rooms", 0o700),
    ),
    databases=(FILES / "rooms.db",),
    backup=(FILES, RECORDINGS),
    can_reload=False,
)
