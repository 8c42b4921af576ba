"""The deadline of a new version: restarts the slot that is on trial, and no other, without any of our own code."""

from image.box import Box

DROP_IN = "/run/systemd/system/parlor-deadline.service.d"
UNIT = "parlor-deadline.service"


def boot_as(box: Box, slot: str) -> None:
    """Let the unit believe that this slot runs."""
    text = "[Service]\nBindReadOnlyPaths=/data/cmdline:/proc/cmdline\n"
    box.run(["sh", "-c", f"mkdir -p {DROP_IN}; cat > {DROP_IN}/slot.conf; systemctl daemon-reload"], stdin=text)
    box.run(["sh", "-c", "cat > /data/cmdline"], stdin=f"root=PARTLABEL=root rauc.slot={slot} panic=10 ro\n")


def test_only_the_slot_on_trial_is_restarted(unclaimed_box: Box) -> None:
    boot_as(unclaimed_box, "A")
    unclaimed_box.run(["systemctl", "start", UNIT])  # nothing is on trial
    unclaimed_box.run(["sh", "-c", "mkdir -p /data/ota; printf B > /data/ota/trial"])
    unclaimed_box.run(["systemctl", "start", UNIT])  # the old one runs again
    assert unclaimed_box.run(["systemctl", "is-system-running"]).stdout.strip() == "running"
    boot_as(unclaimed_box, "B")
    unclaimed_box.run(["systemctl", "start", UNIT], check=False)
    assert unclaimed_box.wait(60), "it went off instead of restarting"
