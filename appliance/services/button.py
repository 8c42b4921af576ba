"""The button for the factory reset (`hardware/button.py`), on boards that have pins for one."""

from appliance.model import RUN, Host, RenderedFile, Service
from appliance.settings import N_, Settings

FOLDER = RUN / "button"


def render(settings: Settings, _host: Host) -> tuple[RenderedFile, ...]:
    """The unit's environment."""
    return (RenderedFile(FOLDER / "button.env", f"PIN={settings.hardware.reset_pin}\n".encode()),)


SERVICE = Service(
    name="button",
    label=N_("Reset button"),
    unit="parlor-button.service",
    render=render,
    enabled=lambda settings: settings.hardware.reset_pin > 0,
    shown_when_off=False,
    can_reload=False,
)
