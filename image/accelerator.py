"""The fastest way to run a guest that works on this machine."""

import functools
import os
import subprocess
import tempfile
import time
from pathlib import Path

from image.process import start

OVMF = Path("/usr/share/OVMF")

# What KVM must get done before it is trusted: firmware as far as looking for a disk.
PROVEN = b"BdsDxe"
PROBE_TIMEOUT_S = 20.0
POLL_S = 0.2

# As old as a PC may be (x86-64-v2), but for what emulates well: SHA-256 in half the time, AES in a sixth.
EMULATED = "Nehalem,+sha-ni,+aes,+pclmulqdq"


@functools.cache
def accelerator() -> tuple[str, ...]:
    """QEMU's options for the fastest way to run a guest that works here: KVM may be there and yet run nothing."""
    return ("-accel", "kvm", "-cpu", "host") if _kvm_works() else ("-accel", "tcg,thread=multi", "-cpu", EMULATED)


def _kvm_works() -> bool:
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch, "log")
        firmware = f"if=pflash,format=raw,unit=0,readonly=on,file={OVMF / 'OVMF_CODE_4M.fd'}"
        machine = ["qemu-system-x86_64", "-machine", "q35", "-accel", "kvm", "-cpu", "host", "-m", "256"]
        output = ["-nodefaults", "-no-user-config", "-display", "none", "-serial", f"file:{log}", "-no-reboot"]
        qemu = start([*machine, *output, "-drive", firmware], output=Path("/dev/null"))
        try:
            return _appears(PROVEN, log, qemu)
        finally:
            qemu.kill()
            qemu.wait()


def _appears(text: bytes, log: Path, program: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + PROBE_TIMEOUT_S
    while program.poll() is None and time.monotonic() < deadline:
        if log.exists() and text in log.read_bytes():
            return True
        time.sleep(POLL_S)
    return False
