"""The machine's own name, as the kernel, the journal and DHCP know it."""

from appliance.model import RUN, Host, RenderedFile, Service, always
from appliance.settings import N_, Settings

FOLDER = RUN / "hostname"


def render(settings: Settings, _host: Host) -> tuple[RenderedFile, ...]:
    """The file that `hostname --file` reads."""
    return (RenderedFile(FOLDER / "hostname", f"{settings.box.name}\n".encode()),)


SERVICE = Service(
    name="hostname",
    label=N_("Host name"),
    unit="parlor-hostname.service",
    render=render,
    enabled=always,
    can_reload=False,
)
