"""The first process inside the tools root: starts the command, passes signals on, reaps what is left behind.

When it ends, the kernel ends everything else that was started in here.
"""

import os
import signal
import sys

from image.process import run


def main(argv: list[str]) -> int:
    """Leave the host's root behind, run the command and return its exit status."""
    run(["umount", "--lazy", "/old"])
    child = os.fork()
    if child == 0:
        os.execvp(argv[0], argv)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The terminal has sent it to the command too.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, frame: os.kill(child, received))
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
