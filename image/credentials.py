"""What a virtual machine's firmware hands to systemd, so that an unmodified image can be used by its host.

Names and meaning: systemd.system-credentials(7).
"""

from pathlib import Path

from image import guest
from image.accelerator import accelerator
from image.cache import REPOSITORY

UNITS = REPOSITORY / "rootfs/etc/systemd/system"

UNIT = """\
[Unit]
Description=Runs what the host of this virtual machine asks for
DefaultDependencies=no
Conflicts=shutdown.target
Before=shutdown.target

[Service]
LoadCredential=guest
ExecStart=/usr/bin/python3 -I %d/guest
Restart=always
Environment=HOME=/root LANG=C.UTF-8
"""
WANTED = "[Unit]\nWants=parlor-guest.service\n"


def credentials() -> dict[str, str]:
    """Each credential's text by its name: the way in, and patience where the machine is emulated."""
    return {
        "guest": Path(guest.__file__).read_text(encoding="utf-8"),
        "systemd.extra-unit.parlor-guest.service": UNIT,
        "systemd.unit-dropin.sysinit.target": WANTED,
        **(patience() if "kvm" not in accelerator() else {}),
    }


def patience() -> dict[str, str]:
    """Credentials by which systemd waits longer for services: without KVM a machine is 20 times slower than any PC.

    What a service's own unit says of oneshots stays: those that have a limit have it for a reason.
    """
    drop_ins = {"dev-disk-by\\x2dpartlabel-boot.device": "[Unit]\nJobRunningTimeoutSec=10min\n"}
    for path in sorted(UNITS.glob("*.service")):
        text = path.read_text(encoding="utf-8")
        if "Type=oneshot" not in text:
            watchdog = "WatchdogSec=5min\n" if "\nWatchdogSec=" in text else ""
            drop_ins[path.name] = f"[Service]\nTimeoutStartSec=10min\n{watchdog}"
    return {f"systemd.unit-dropin.{unit}": text for unit, text in drop_ins.items()}
