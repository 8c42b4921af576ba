# ruff: noqa: F722, F821, N802  (D-Bus signatures stand where types would)
# mypy: disable-error-code="name-defined,syntax,valid-type,misc,no-untyped-def,return-value"
"""RAUC's place on a bus, taken by a service that installs nothing: it records calls and answers as it is told.

Run as a program it takes the name on the system's bus: `fake_rauc.py FOLDER` reads `FOLDER/behaviour.json` at each call
and writes `FOLDER/calls.json`.
"""

import asyncio
import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dbus_fast import BusType, DBusError, PropertyAccess, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, dbus_property, method, signal

NAME = "de.pengutronix.rauc"
FAILURE = "org.gtk.GDBus.UnmappedGError.Quark._r_2dbundle_2derror_2dquark.Code0"


@dataclass
class Behaviour:
    """How the fake answers. Paths that `refusals` names cannot be looked into or installed."""

    compatible: str = "parlor-x86"
    version: str = "9.0.0"
    bundle_compatible: str = "parlor-x86"
    booted: str = "A"
    primary: str = "A"
    bad: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    looks_like: str = ""  # what looking into a bundle is refused with
    refusal: str = ""  # what an installation fails with
    step_s: float = 0.01  # seconds for each tenth of an installation
    unwritable: bool = False  # marking fails


class FakeRauc(ServiceInterface):
    """The service; `calls` are the methods in their order, with their arguments."""

    def __init__(self, behaviour: Behaviour | None = None, folder: Path | None = None) -> None:
        super().__init__("de.pengutronix.rauc.Installer")
        self.is_like = behaviour or Behaviour()
        self.calls: list[list[Any]] = []
        self.folder = folder
        self._progress: list[Any] = [0, "", 0]
        self._operation = "idle"
        self._error = ""
        self._running: asyncio.Task[None] | None = None

    def _called(self, *call: Any) -> None:
        self.calls.append(list(call))
        if self.folder:
            if (file := self.folder / "behaviour.json").exists():
                self.is_like = Behaviour(**json.loads(file.read_text()))
            (self.folder / "calls.json").write_text(json.dumps(self.calls))

    def _changed(self) -> None:
        if self.folder:
            (self.folder / "behaviour.json").write_text(json.dumps(asdict(self.is_like)))

    @method()
    def InstallBundle(self, source: "s", _args: "a{sv}") -> None:
        self._called("InstallBundle", source)
        if self._operation != "idle":
            raise DBusError(FAILURE, "Already processing a different method")
        self._operation = "installing"
        self._running = asyncio.get_running_loop().create_task(self._install())

    async def _install(self) -> None:
        other = self.other
        for tenth in range(10):
            await asyncio.sleep(self.is_like.step_s)
            self._progress = [10 * tenth, f"Copying image to rootfs.{tenth}", 2]
            self.emit_properties_changed({"Progress": self._progress})
            if self.is_like.refusal and tenth == 5:
                self._error = self.is_like.refusal
                break
        else:
            self._error = ""
            self.is_like.primary = other
            self.is_like.versions[other] = self.is_like.version
            self._changed()
        self._operation = "idle"
        self.Completed(1 if self._error else 0)

    @property
    def other(self) -> str:
        return "B" if self.is_like.booted == "A" else "A"

    @method()
    def InspectBundle(self, source: "s", _args: "a{sv}") -> "a{sv}":
        self._called("InspectBundle", source)
        if self.is_like.looks_like:
            raise DBusError(FAILURE, self.is_like.looks_like)
        update = {
            "compatible": Variant("s", self.is_like.bundle_compatible),
            "version": Variant("s", self.is_like.version),
            "description": Variant("s", "for a test"),
        }
        return {"update": Variant("a{sv}", update), "manifest-hash": Variant("s", "5e" * 32)}

    @method()
    def Mark(self, state: "s", slot: "s") -> "ss":
        self._called("Mark", state, slot)
        if self.is_like.unwritable:
            raise DBusError(FAILURE, "Failed marking slot rootfs.0 as good: grub-editenv exited with 1")
        name = {"booted": self.is_like.booted, "other": self.other}.get(
            slot, "AB"[int(slot[-1])] if slot[-1:].isdigit() else ""
        )
        if state == "active":
            self.is_like.primary = name
        self.is_like.bad = [bad for bad in self.is_like.bad if bad != name] + ([name] if state == "bad" else [])
        self._changed()
        return ["rootfs.0", f"marked slot {slot} as {state}"]

    @method()
    def GetSlotStatus(self) -> "a(sa{sv})":
        self._called("GetSlotStatus")
        return [self._slot(f"rootfs.{number}", name) for number, name in enumerate("AB")]

    def _slot(self, name: str, bootname: str) -> list[Any]:
        said = {
            "bootname": bootname,
            "class": "rootfs",
            "state": "booted" if bootname == self.is_like.booted else "inactive",
            "boot-status": "bad" if bootname in self.is_like.bad else "good",
        }
        if bootname in self.is_like.versions:
            said |= {"bundle.version": self.is_like.versions[bootname], "status": "ok"}
        return [name, {key: Variant("s", value) for key, value in said.items()}]

    @method()
    def GetPrimary(self) -> "s":
        self._called("GetPrimary")
        return f"rootfs.{'AB'.index(self.is_like.primary)}"

    @dbus_property(access=PropertyAccess.READ)
    def Operation(self) -> "s":
        return self._operation

    @dbus_property(access=PropertyAccess.READ)
    def LastError(self) -> "s":
        return self._error

    @dbus_property(access=PropertyAccess.READ)
    def Progress(self) -> "(isi)":
        return self._progress

    @dbus_property(access=PropertyAccess.READ)
    def Compatible(self) -> "s":
        return self.is_like.compatible

    @signal()
    def Completed(self, result: "i") -> "i":
        return result


async def on_bus(service: FakeRauc, address: str = "") -> MessageBus:
    """Let the service take RAUC's name; it has it until the answer is disconnected."""
    bus = await MessageBus(address or None, BusType.SYSTEM).connect()
    bus.export("/", service)
    await bus.request_name(NAME)
    return bus


async def main(folder: Path) -> None:
    bus = await on_bus(FakeRauc(folder=folder))
    (folder / "ready").touch()
    await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
