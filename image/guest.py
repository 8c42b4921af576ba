"""Runs inside a virtual machine: carries out programs that its host asks for over a virtio port.

No image contains it. QEMU hands it to an unmodified image as a system credential, together with a unit that starts it
(systemd.system-credentials(7): systemd.extra-unit.*). It needs nothing but the guest's Python.
"""

import json
import os
import subprocess
import threading
import time
from pathlib import Path
from typing import IO, Any

PORT = "/dev/virtio-ports/parlor.guest"
BOOT_ID = "/proc/sys/kernel/random/boot_id"
POLL_S = 0.2


def main() -> None:
    """Answer requests until the machine goes off."""
    boot = Path(BOOT_ID).read_text(encoding="ascii").strip()
    while not Path(PORT).exists():
        time.sleep(POLL_S)
    with Path(PORT).open("r+b", buffering=0) as port:
        lock = threading.Lock()
        buffer = b""
        while True:
            chunk = os.read(port.fileno(), 65536)
            if not chunk:  # The host has not connected.
                time.sleep(POLL_S)
                continue
            *lines, buffer = (buffer + chunk).split(b"\n")
            for line in lines:
                threading.Thread(target=answer, args=(line, boot, port, lock), daemon=True).start()


def answer(line: bytes, boot: str, port: IO[bytes], lock: threading.Lock) -> None:
    """Carry out one request and send what came of it; one that was meant for an earlier start is dropped."""
    try:
        request = json.loads(line)
    except ValueError:
        return
    said = {"boot": boot}
    if "argv" in request:
        if request["boot"] != boot:
            return
        said |= carry_out(request)
    data = json.dumps({"id": request["id"], **said}).encode() + b"\n"
    with lock:
        while data:
            data = data[os.write(port.fileno(), data) :]


def carry_out(request: dict[str, Any]) -> dict[str, Any]:
    """Run a program to its end."""
    options: dict[str, Any] = {"user": request["user"], "group": request["user"], "extra_groups": []}
    try:
        done = subprocess.run(
            request["argv"],
            input=request["stdin"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            cwd="/",
            timeout=request["timeout_s"],
            **(options if request["user"] else {}),
        )
    except subprocess.TimeoutExpired:
        return {"error": f"not done after {request['timeout_s']:.0f} s"}
    except (OSError, ValueError) as error:
        return {"error": f"cannot be started: {error}"}
    return {"returncode": done.returncode, "stdout": done.stdout, "stderr": done.stderr}


if __name__ == "__main__":
    main()
