"""A booted box: the tree under systemd in a container, with a network, /data and nothing else of its own."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from image import cgroup
from image.network import Network
from image.process import Argument, Finished, run, start, tail
from image.startup import final_state

# Where each box keeps what its host tells it (name server, certificates) and its console.
STATE = Path("/run/parlor/boxes")
# nspawn's own state of a running container; it refuses a name that is still there.
EXPORTS = Path("/run/systemd/nspawn/unix-export")
CA_BUNDLE = Path("etc/ssl/certs/ca-certificates.crt")

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0
KILL_TIMEOUT_S = 5.0
POLL_S = 0.05

# systemd(1): what a container's host sends to have it powered off.
POWER_OFF = signal.SIGRTMIN + 4

# With --keep-unit, nspawn leaves a reboot to who started it, and says so by this exit status (nspawn.c).
REBOOT_STATUS = 133

# Programs in a box see this and nothing of our environment.
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
}


class BoxError(RuntimeError):
    """The box did not start or stop as it should; the message ends with the last lines of its console."""


class Box:
    """One box. `with Box(…) as box:` starts it and powers it off at the end; `start`, `stop` and `kill` do it by hand.

    `name` is its host name until it chooses one, and what messages call it; `data` is the folder that becomes /data and
    outlives the box; `boot` becomes /boot (a scratch folder by default); `provision` is a file shown read-only as
    /boot/parlor.toml; `dns` is the name server (the network's own address by default); `ca` is a PEM file with a
    certificate authority that the box trusts beside the public ones; `binds` are more folders or files of ours, shown
    writable in the box, by their path there.
    """

    def __init__(
        self,
        name: str,
        tree: Path,
        network: Network,
        *,
        data: Path,
        boot: Path | None = None,
        provision: Path | None = None,
        dns: str | None = None,
        ca: Path | None = None,
        binds: Mapping[str, Path] | None = None,
    ) -> None:
        self.name = name
        self.data = data
        self.port = network.attach()
        self.address = self.port.address
        self.address6 = self.port.address6
        self.state = STATE / self.port.name
        self.console = self.state / "console.log"
        self._group = f"{cgroup.own_name()}/{self.port.name}"
        self._tree = tree
        self._provision = provision
        self._ca = ca
        self._binds = dict(binds or {})
        self._boot = boot or self.state / "boot"
        self._nspawn: subprocess.Popen[bytes] | None = None
        (self.state / "host").mkdir(parents=True)
        self._boot.mkdir(parents=True, exist_ok=True)
        self.use_dns(dns or network.address)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def running(self) -> bool:
        """Whether the box is switched on."""
        return self._nspawn is not None and self._nspawn.poll() is None

    @property
    def pid(self) -> int:
        """The process id of the container's host side."""
        if self._nspawn is None or not self.running:
            raise BoxError(f"{self.name} is not running")
        return self._nspawn.pid

    @property
    def leader(self) -> int:
        """The process id of the box's first process, as we see it."""
        return leader_of(self.pid)

    def start(self) -> None:
        """Switch the box on, and return when its first process runs."""
        if self.running:
            raise BoxError(f"{self.name} is running already")
        self.data.mkdir(parents=True, exist_ok=True)
        group = [sys.executable, "-m", "image.cgroup", self._group]
        self._nspawn = start([*group, *self._command()], output=self.console)
        self._await_leader()

    def wait_until_up(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Wait until systemd has started everything; raises `BoxError` with what failed, or after `timeout_s`."""
        state = final_state(self, time.monotonic() + timeout_s)
        if state != "running":
            failed = self.run(["systemctl", "--failed", "--plain", "--no-legend"], check=False).stdout
            raise BoxError(f"{self.name} is {state}\n{failed}{self.last_words()}")

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the box has gone off by itself; returns whether it wants to be started again (a reboot)."""
        if self._nspawn is None:
            return False
        try:
            status = self._nspawn.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise BoxError(f"{self.name} still runs after {timeout_s:.0f} s\n{self.last_words()}") from None
        self._forget()
        return status == REBOOT_STATUS

    def reboot(self) -> None:
        """Have the box restart itself; returns when its first process runs again."""
        self.run(["systemctl", "reboot", "--no-block"])
        if not self.wait(STOP_TIMEOUT_S):
            raise BoxError(f"{self.name} went off instead of rebooting\n{self.last_words()}")
        self.start()

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Power the box off as its owner would, and wait until it is off; a box that is off already stays so."""
        if self.running:
            with suppress(ProcessLookupError):
                os.kill(self.leader, POWER_OFF)
            self.wait(timeout_s)

    def kill(self) -> None:
        """Cut the power: every process of the box ends at once."""
        if self._nspawn is None:
            return
        with suppress(ProcessLookupError, BoxError):
            os.kill(self.leader, signal.SIGKILL)  # The kernel ends all others with it, and nspawn tidies up.
        try:
            self.wait(KILL_TIMEOUT_S)
        except BoxError:
            self._nspawn.kill()
            self.wait(KILL_TIMEOUT_S)

    def close(self) -> None:
        """Switch the box off (by force if it does not want to) and take its network away; its data stay."""
        try:
            self.stop()
        finally:
            self.kill()
            self.port.close()
            shutil.rmtree(self.state, ignore_errors=True)

    def run(
        self,
        argv: Sequence[Argument],
        *,
        user: str = "",
        stdin: str | None = None,
        check: bool = True,
        timeout_s: float | None = START_TIMEOUT_S,
    ) -> Finished:
        """Run a program in the box, as root or as `user`, and return what it printed; raises `CommandError`."""
        return run([*self.inside(user), *argv], stdin=stdin, check=check, timeout_s=timeout_s)

    def inside(self, user: str = "") -> list[str]:
        """The start of an argument list for a program that is to run in the box (`image.process.start` takes it)."""
        drop = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
        return [*entering(self.leader), *drop]

    def journal(self, *arguments: str) -> str:
        """The journal of the running box since it started, or what `journalctl` says with these arguments."""
        return self.run(["journalctl", "--no-pager", *(arguments or ("--boot",))]).stdout

    def last_words(self) -> str:
        """The end of what the box wrote on its console."""
        return tail(self.console)

    def use_dns(self, server: str) -> None:
        """Tell the box its name server; a running one reads it at its next look-up."""
        text = f"nameserver {server}\noptions timeout:1 attempts:2\n"
        (self.state / "host/resolv.conf").write_text(text, encoding="ascii")

    def _command(self) -> list[str]:
        """What boots the tree; systemd-nspawn(1)."""
        options = [
            *(f"--directory={self._tree}", "--read-only", "--boot"),
            *(f"--machine={self.port.name}", f"--hostname={self.name}"),
            *("--register=no", "--keep-unit", "--settings=no", "--link-journal=no", "--console=read-only"),
            *("--timezone=off", "--resolv-conf=off", "--kill-signal=SIGRTMIN+4", "--notify-ready=no"),
            *(f"--network-namespace-path={self.port.path}", "--capability=CAP_NET_ADMIN"),
            *(f"--bind={self.data}:/data", f"--bind={self._boot}:/boot"),
            *(f"--bind-ro={self.state}/host:/run/parlor-host",),
            *(f"--bind={path}:{target}" for target, path in self._binds.items()),
        ]
        if self._provision is not None:
            (self._boot / "parlor.toml").touch()
            options.append(f"--bind-ro={self._provision}:/boot/parlor.toml")
        if self._ca is not None:
            options.append(f"--bind-ro={self._certificates(self._ca)}:/etc/ssl/certs")
        return ["systemd-nspawn", *options]

    def _certificates(self, ca: Path) -> Path:
        """The tree's public authorities and ours, both as one file and as OpenSSL's folder of hashes."""
        folder = self.state / "certs"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._tree / CA_BUNDLE.parent, folder, symlinks=True)
        with (folder / CA_BUNDLE.name).open("a", encoding="ascii") as bundle:
            bundle.write(ca.read_text(encoding="ascii"))
        digest = run(["openssl", "x509", "-hash", "-noout", "-in", ca]).stdout.strip()
        shutil.copy(ca, folder / f"{digest}.0")
        return folder

    def _await_leader(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while self.running and time.monotonic() < deadline:
            with suppress(BoxError):
                leader_of(self.pid)
                return
            time.sleep(POLL_S)
        words = self.last_words()
        self.kill()
        raise BoxError(f"{self.name} does not start\n{words}")

    def _forget(self) -> None:
        cgroup.kill_and_remove(self._group)
        export = EXPORTS / self.port.name
        if export.exists():  # nspawn did not end by itself.
            run(["umount", "--lazy", export], check=False)
            export.rmdir()
        self._nspawn = None


def leader_of(nspawn: int) -> int:
    """The first process of the box whose host side is the process `nspawn`; raises `BoxError`."""
    for pid in _children(nspawn):
        if _is_first_process(pid):
            return pid
    raise BoxError("the box has no first process (yet)")


def entering(leader: int, **env: str) -> list[str]:
    """The start of an argument list for a program in the box whose first process is `leader`."""
    words = [f"{name}={value}" for name, value in {**ENVIRONMENT, **env}.items()]
    return ["nsenter", f"--target={leader}", "--all", "env", "-i", *words]


def _children(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except FileNotFoundError:
        return []


def _is_first_process(pid: int) -> bool:
    """Whether a process is number 1 of a namespace of its own and runs systemd already (not nspawn's own code)."""
    with suppress(FileNotFoundError, ProcessLookupError):
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        numbers = next(line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:"))
        name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
        return len(numbers) > 1 and numbers[-1] == "1" and name in ("systemd", "init")
    return False
