"""A virtual machine that boots a disk image, as a person's PC would: firmware, boot loader, kernel, everything.

    from image.disk.disk import disk_image
    from image.tree import build_tree
    from image.vm import Vm, new_disk

    disk = new_disk(disk_image(build_tree()), tmp_path / "disk.img")  # a copy, on a disk of 8 GiB
    with Vm("one", disk) as vm:  # volatile_cache=True: kill() loses what the guest has written but not flushed
        vm.wait_until_up()
        print(vm.run(["parlor", "status"]).stdout, vm.ports[443], vm.boots)
        vm.copy_as_cut(other)  # the disk as a power cut would leave it
        vm.kill()   # the power is cut
        vm.start()  # and comes back

The image is the one that people flash, unmodified: the way in for `run` is a unit that QEMU gives to systemd as a
system credential. From the guest, the host is 10.0.2.2.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from image.cache import BUILD
from image.channel import Channel
from image.forward import free_port
from image.process import Argument, CommandError, Finished, start, tail
from image.qemu import Firmware, devices, pc, ways_in
from image.qmp import Qmp, QmpError
from image.startup import final_state
from image.volatile import VolatileCache, copy, paused

GIB = 1024**3
DISK_SIZE = 8 * GIB
MEMORY_MIB = 1536

# The guest's address for its host, in QEMU's user network.
HOST = "10.0.2.2"

# Without KVM a start takes a minute on an idle machine; tests share theirs with other work.
UP_TIMEOUT_S = 800.0
STOP_TIMEOUT_S = 120.0
RUN_TIMEOUT_S = 120.0
CONTROL_TIMEOUT_S = 20.0
GREETING_S = 2.0
POLL_S = 0.2


class VmError(RuntimeError):
    """The machine did not start or stop as it should; the message ends with the last lines of its console."""


def new_disk(image: Path, target: Path, size: int = DISK_SIZE) -> Path:
    """A disk of `size` bytes with an image written to its beginning, as after flashing; takes only what is used."""
    target.parent.mkdir(parents=True, exist_ok=True)
    copy(image, target)
    with target.open("r+b") as disk:
        disk.truncate(max(size, target.stat().st_size))
    return target


class Vm:
    """One machine with the disk in the file `disk` (raw). `with Vm(…) as vm:` starts it and powers it off at the end.

    `ports` are TCP ports of the guest that the host gets at its address `listen`; the attribute `ports` says which it
    got there (0 in the argument: any that is free). With `volatile_cache` the disk has a cache that `kill` loses.
    `display` is QEMU's argument of that name. `options` are more arguments for QEMU. `state` is a folder for the
    machine's own things (console, UEFI's variables), a scratch folder by default.
    """

    def __init__(
        self,
        name: str,
        disk: Path,
        *,
        firmware: Firmware = Firmware.UEFI,
        memory_mib: int = MEMORY_MIB,
        ports: Mapping[int, int] | None = None,
        volatile_cache: bool = False,
        listen: str = "127.0.0.1",
        display: str = "none",
        options: Sequence[str] = (),
        state: Path | None = None,
    ) -> None:
        self.name = name
        self.disk = disk
        self.ports = {port: host or free_port() for port, host in ({443: 0} if ports is None else ports).items()}
        self._firmware = firmware
        self._memory_mib = memory_mib
        self._listen = listen
        self._display = display
        self._options = tuple(options)
        self._scratch = tempfile.TemporaryDirectory(prefix="vm-", dir=BUILD)
        self.state = state or Path(self._scratch.name)
        self.console = self.state / "console.log"
        self._log = self.state / "qemu.log"
        # Socket paths have at most 107 bytes, and a test's folder may be deep.
        self._sockets = Path(tempfile.mkdtemp(prefix="vm-", dir="/run"))
        self._qemu: subprocess.Popen[bytes] | None = None
        self._cache = VolatileCache(disk, self._sockets / "disk", self.state) if volatile_cache else None
        self._qmp: Qmp | None = None
        self._guest: Channel | None = None
        self._boot = ""
        self._requests = 0
        self._starts = 0
        self._resets = 0

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
        if error is not None:  # What went wrong is to be seen, and not how it then went off.
            self.kill()
        self.close()

    @property
    def running(self) -> bool:
        """Whether the machine is switched on."""
        return self._qemu is not None and self._qemu.poll() is None

    @property
    def boots(self) -> int:
        """How often the machine has begun to start: switched on, or reset."""
        return self._starts + self._resets + self._resets_now()

    def start(self) -> None:
        """Switch the machine on, and return when its firmware runs."""
        if self.running:
            raise VmError(f"{self.name} is running already")
        self.state.mkdir(parents=True, exist_ok=True)
        if self._cache is not None:
            self._cache.start()
        self._starts += 1
        self._qemu = start(self._command(), output=self._log)
        self._qmp = self._await_socket(self._sockets / "qmp", Qmp)
        self._guest = self._await_socket(self._sockets / "guest", Channel)

    def wait_until_up(self, timeout_s: float = UP_TIMEOUT_S) -> None:
        """Wait until systemd has started everything; raises `VmError` with what failed, or after `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        self.wait_for_guest(timeout_s)
        state = final_state(self, deadline)
        if state != "running":
            failed = self.run(["systemctl", "--failed", "--plain", "--no-legend"], check=False).stdout
            raise VmError(f"{self.name} is {state}\n{failed}{self.last_words()}")

    def wait_for_guest(self, timeout_s: float = UP_TIMEOUT_S) -> str:
        """Wait until programs can be run in the guest; returns its boot's id. Early: before services start."""
        deadline = time.monotonic() + timeout_s
        while self.running and time.monotonic() < deadline:
            answer = self._ask({}, min(GREETING_S, deadline - time.monotonic()))
            if answer is not None:
                self._boot = str(answer["boot"])
                return self._boot
        state = f"does not answer after {timeout_s:.0f} s" if self.running else "went off"
        raise VmError(f"{self.name} {state}\n{self.last_words()}")

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until the machine has gone off by itself; raises `VmError` after `timeout_s`."""
        if self._qemu is None:
            return
        try:
            self._qemu.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise VmError(f"{self.name} still runs after {timeout_s:.0f} s\n{self.last_words()}") from None
        self._forget()

    def wait_for_reset(self, boots: int, timeout_s: float = UP_TIMEOUT_S) -> None:
        """Wait until the machine has begun to start more than `boots` times, whatever made it do so."""
        deadline = time.monotonic() + timeout_s
        while self.boots <= boots:
            if not self.running or time.monotonic() > deadline:
                state = "did not restart itself" if self.running else "went off"
                raise VmError(f"{self.name} {state}\n{self.last_words()}")
            time.sleep(POLL_S)

    def reboot(self, timeout_s: float = UP_TIMEOUT_S) -> None:
        """Have the guest restart itself; returns when programs can be run in it again."""
        boots = self.boots
        self.run(["systemctl", "reboot", "--no-block"])
        self.wait_for_reset(boots, timeout_s)
        self.wait_for_guest(timeout_s)

    def press_power(self) -> None:
        """Press the power button, as a person does who wants it to shut down."""
        self.control("system_powerdown")

    def control(self, command: str, **arguments: Any) -> Any:
        """One of QEMU's own commands (QMP), such as `screendump` or `system_reset`; raises `QmpError`."""
        if self._qmp is None:
            raise VmError(f"{self.name} is not running")
        return self._qmp.execute(command, **arguments)

    def events(self) -> list[str]:
        """The names of QEMU's events since the machine was switched on: RESET, WATCHDOG and others."""
        return self._qmp.events() if self._qmp is not None else []

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Power the machine off as its owner would, and wait until it is off; one that is off already stays so."""
        if self.running:
            with suppress(QmpError):  # It is just going off.
                self.press_power()
            self.wait(timeout_s)

    def kill(self) -> None:
        """Cut the power. With `volatile_cache` the disk loses what was not flushed."""
        if self._qemu is None:
            return
        with suppress(ProcessLookupError):
            os.kill(self._qemu.pid, signal.SIGSTOP)  # It must not see its disk vanish.
        if self._cache is not None:
            self._cache.drop()
        self._qemu.kill()
        self._qemu.wait()
        self._forget()

    def copy_as_cut(self, target: Path) -> None:
        """Copy the disk as `kill` would leave it now; the machine goes on afterwards, and sees a pause."""
        if self._qemu is None:
            raise VmError(f"{self.name} is not running")
        with paused([self._qemu.pid]), self._cache.still() if self._cache else nullcontext():
            copy(self.disk, target)

    def close(self) -> None:
        """Switch the machine off (by force if it does not want to) and forget what is its own; the disk stays."""
        try:
            if self._boot:
                self.stop()
        finally:
            self.kill()
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._scratch.cleanup()

    def run(
        self,
        argv: Sequence[Argument],
        *,
        user: str = "",
        stdin: str | None = None,
        check: bool = True,
        timeout_s: float = RUN_TIMEOUT_S,
    ) -> Finished:
        """Run a program in the guest, as root or as `user`, and return what it printed; raises `CommandError`.

        Raises `VmError` when the guest does not answer: it hangs, or has just lost its power.
        """
        words = [str(word) for word in argv]
        if not self._boot:
            self.wait_for_guest()
        request = {"argv": words, "user": user, "stdin": stdin or "", "timeout_s": timeout_s, "boot": self._boot}
        answer = self._ask(request, timeout_s + CONTROL_TIMEOUT_S)
        if answer is None:
            raise VmError(f"{self.name} does not answer {words}\n{self.last_words()}")
        if "error" in answer:
            raise CommandError(words, answer["error"], "")
        done = Finished(answer["returncode"], answer["stdout"], answer["stderr"])
        if check and done.returncode != 0:
            raise CommandError(words, f"exit status {done.returncode}", done.stderr)
        return done

    def journal(self, *arguments: str) -> str:
        """The journal of the running guest since it started, or what `journalctl` says with these arguments."""
        return self.run(["journalctl", "--no-pager", *(arguments or ("--boot",))]).stdout

    def last_words(self) -> str:
        """The end of what firmware, boot loader and kernel wrote to the serial port."""
        return tail(self.console)

    def _command(self) -> list[str]:
        disk = f"nbd:unix:{self._cache.socket}" if self._cache else str(self.disk)
        return [
            *self._machine(),
            *("-name", self.name),
            *devices(self._memory_mib, disk, self.console, self.ports, self._listen),
            *ways_in(self._sockets / "qmp", self._sockets / "guest", self.state),
            *self._options,
        ]

    def _machine(self) -> list[str]:
        """The program to run, and what makes its machine another one than others."""
        return pc(self._firmware, self._display, self.state)

    def _ask(self, request: Mapping[str, Any], timeout_s: float) -> dict[str, Any] | None:
        """The guest's answer to one request; answers to earlier ones, which nobody waits for any more, are dropped."""
        if self._guest is None:
            raise VmError(f"{self.name} is not running")
        self._requests += 1
        number = self._requests
        deadline = time.monotonic() + timeout_s
        try:
            self._guest.send({"id": number, **request}, timeout_s)
        except OSError:
            return None
        while (answer := self._guest.receive(deadline - time.monotonic())) is not None:
            if answer["id"] == number:
                return answer
        return None

    def _await_socket[T](self, path: Path, connect: Callable[[Path], T]) -> T:
        deadline = time.monotonic() + CONTROL_TIMEOUT_S
        while self.running and time.monotonic() < deadline:
            with suppress(FileNotFoundError, ConnectionRefusedError):
                return connect(path)
            time.sleep(POLL_S)
        self.kill()
        raise VmError(f"{self.name} does not start\n{tail(self._log)}")

    def _resets_now(self) -> int:
        """Resets since the machine was switched on."""
        return self.events().count("RESET")

    def _forget(self) -> None:
        self._resets += self._resets_now()
        for channel in (self._qmp, self._guest):
            if channel is not None:
                channel.close()
        if self._cache is not None:
            self._cache.close()
        self._qemu = self._qmp = self._guest = None
        self._boot = ""
