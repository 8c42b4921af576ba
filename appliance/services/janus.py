"""Janus: the media server of calls and rooms (SFU, mixer, SIP user agent).

Its API is a Unix socket that only root opens (and later the gateway's group); the admin API is off. No
sample room, no sample password: each plugin gets a whole file of its own, since what a plugin does not find
it takes from its defaults, not from Debian's samples.
"""

from pathlib import Path

from appliance.model import (
    DATA,
    RUN,
    Check,
    Directory,
    Host,
    Port,
    Probe,
    Protocol,
    RenderedFile,
    Service,
    when_claimed,
)
from appliance.settings import N_, Settings
from appliance.templates import fill

FOLDER = RUN / "janus"
RECORDINGS = DATA / "recordings" / "work"  # of what people made, Janus sees nothing else
API_SOCKET = Path("/run/parlor-janus/api.sock")

# UDP ports. Only the first range is open to others; the rest is for legs inside the box and to a SIP trunk.
MEDIA_PORTS = (20000, 20999)
SIP_PORTS = (21000, 21199)
NOSIP_PORTS = (21200, 21599)
MIXER_PORTS = (21600, 21999)

PLUGINS = frozenset({"audiobridge", "nosip", "sip", "videoroom"})
_OTHER_PLUGINS = ("duktape", "echotest", "lua", "recordplay", "streaming", "textroom", "videocall")
_OTHER_TRANSPORTS = ("http", "mqtt", "nanomsg", "rabbitmq", "websockets")


def render(settings: Settings, _host: Host) -> tuple[RenderedFile, ...]:
    """The core's configuration and that of the one transport and the four plugins in use."""
    return (
        _file(
            "janus.jcfg",
            folder=str(FOLDER),
            media_ports=_range(MEDIA_PORTS),
            public_address=settings.network.public_address,
            disabled_plugins=",".join(f"libjanus_{name}.so" for name in _OTHER_PLUGINS),
            disabled_transports=",".join(f"libjanus_{name}.so" for name in _OTHER_TRANSPORTS),
        ),
        _file("janus.transport.pfunix.jcfg", socket=str(API_SOCKET)),
        _file("janus.plugin.videoroom.jcfg"),
        _file("janus.plugin.audiobridge.jcfg", ports=_range(MIXER_PORTS)),
        _file("janus.plugin.nosip.jcfg", ports=_range(NOSIP_PORTS)),
        _file("janus.plugin.sip.jcfg", ports=_range(SIP_PORTS)),
    )


def _range(ports: tuple[int, int]) -> str:
    return f"{ports[0]}-{ports[1]}"


def _file(name: str, **values: object) -> RenderedFile:
    return RenderedFile(FOLDER / name, fill(name, **values), group="janus")


SERVICE = Service(
    name="janus",
    label=N_("Calls and rooms"),
    unit="janus.service",
    render=render,
    enabled=when_claimed,
    directories=(Directory(RECORDINGS, "janus", 0o770),),
    ports=(Port(Protocol.UDP, MEDIA_PORTS[0], N_("Sound and picture of calls"), last=MEDIA_PORTS[1]),),
    checks=(Check(Probe.JANUS, str(API_SOCKET)),),
    can_reload=False,
)
