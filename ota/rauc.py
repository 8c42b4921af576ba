"""Client of RAUC, which owns the slots and installs bundles (D-Bus, de.pengutronix.rauc.Installer).

Interface: rauc.readthedocs.io/en/latest/reference.html, D-Bus API. Every call opens a connection of its own: updates
are rare, and a connection that stays would have to outlive RAUC's restarts.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from dbus_fast import BusType, DBusError, Message, MessageFlag, MessageType, Variant
from dbus_fast.aio import MessageBus

from appliance.model import ParlorError, Unavailable
from appliance.settings import N_
from ota.refusals import rule_of

log = logging.getLogger(__name__)

NAME = "de.pengutronix.rauc"
PATH = "/"
INTERFACE = "de.pengutronix.rauc.Installer"
PROPERTIES = "org.freedesktop.DBus.Properties"
BUS = "org.freedesktop.DBus"

CALL_S = 60.0  # to look into a bundle RAUC may fetch its end over a slow line
INSTALL_S = 6 * 3600.0

_ABSENT = ("ServiceUnknown", "NameHasNoOwner", "UnitMasked", "Spawn", "NoReply", "Disconnected", "TimedOut")


class NoSlots(Unavailable):
    """There is no RAUC here: a container, or a machine that was not installed from an image."""

    code = "unavailable"


class Refused(ParlorError):
    """RAUC did not install the bundle; `original` is its own sentence, `again` tells that another try may help."""

    code, status = "refused", 422

    def __init__(self, original: str) -> None:
        rule = rule_of(original)
        super().__init__(rule.words)
        self.original = original
        self.again = rule.again


class Mark(StrEnum):
    """What a slot can be marked as."""

    GOOD = "good"
    BAD = "bad"
    ACTIVE = "active"  # the one to boot next


@dataclass(frozen=True)
class Slot:
    """One root slot; `bootname` is A or B, `good` what the boot loader knows, `version` of the bundle in it."""

    name: str
    bootname: str
    booted: bool
    good: bool
    version: str = ""
    status: str = ""  # of the last installation: "ok", or "failed" for one that did not end


@dataclass(frozen=True)
class Bundle:
    """What a bundle says of itself, its signature verified."""

    compatible: str
    version: str
    description: str = ""
    meta: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Progress:
    """How far an installation is: percent, and RAUC's own word for what it does."""

    percent: int
    message: str


@dataclass(frozen=True)
class Rauc:
    """RAUC on the bus at `address` (the system's without one). `autostart` false asks only one that runs already."""

    address: str = ""
    autostart: bool = True

    async def compatible(self) -> str:
        """What bundles must be made for, such as `parlor-x86`. Raises `NoSlots`."""
        async with self._connected() as bus:
            return str(await self._property(bus, "Compatible"))

    async def installing(self) -> bool:
        """Whether it installs something at this moment. Raises `NoSlots`."""
        async with self._connected() as bus:
            return bool(await self._property(bus, "Operation") == "installing")

    async def slots(self) -> tuple[Slot, ...]:
        """The slots one can boot, in RAUC's order. Raises `NoSlots`."""
        async with self._connected() as bus:
            listed = (await self._read(bus, "GetSlotStatus"))[0]
        return tuple(_slot(name, _plain(status)) for name, status in listed if "bootname" in status)

    async def primary(self) -> str:
        """The name of the slot that the boot loader starts next, as `Slot.name`. Raises `NoSlots`."""
        async with self._connected() as bus:
            return str((await self._read(bus, "GetPrimary"))[0])

    async def mark(self, mark: Mark, slot: str = "booted") -> None:
        """Mark a slot (a name, `booted` or `other`). Raises `ParlorError` when the boot loader cannot be written."""
        async with self._connected() as bus:
            try:
                await self._ask(bus, "Mark", "ss", [mark.value, slot])
            except DBusError as error:
                log.error("mark %s %s: %s", slot, mark, error.text)
                raise ParlorError(
                    N_("The box could not note which version starts next. Its journal says why.")
                ) from error

    async def inspect(self, source: str) -> Bundle:
        """What is in the bundle at a path or URL. Raises `Refused`, `NoSlots`."""
        async with self._connected() as bus:
            try:
                answer = _plain((await self._ask(bus, "InspectBundle", "sa{sv}", [source, {}]))[0])
            except DBusError as error:
                log.warning("looking into %s: %s", source, error.text)
                raise Refused(error.text) from error
        update = answer.get("update", {})
        meta = answer.get("meta", {})
        return Bundle(update.get("compatible", ""), update.get("version", ""), update.get("description", ""), meta)

    async def install(self, source: str, progress: Callable[[Progress], None]) -> None:
        """Install the bundle at a path or URL into the other slot. Raises `Refused`, `NoSlots`."""
        async with self._connected() as bus, _Watch(bus, progress) as watch:
            try:
                await self._ask(bus, "InstallBundle", "sa{sv}", [source, {}])
            except DBusError as error:
                raise Refused(error.text) from error
            await self._outcome(bus, watch)

    async def follow(self, progress: Callable[[Progress], None]) -> bool:
        """Wait for the installation that runs already; False when none does. Raises `Refused`, `NoSlots`."""
        async with self._connected() as bus, _Watch(bus, progress) as watch:
            if await self._property(bus, "Operation") != "installing":
                return False
            await self._outcome(bus, watch)
            return True

    async def _outcome(self, bus: MessageBus, watch: "_Watch") -> None:
        try:
            async with asyncio.timeout(INSTALL_S):
                result = await watch.done
        except TimeoutError as error:
            raise Refused("timed out") from error
        if result:
            original = str(await self._property(bus, "LastError")) if result > 0 else "RAUC ended: incomplete"
            log.warning("installation failed: %s", original)
            raise Refused(original)

    async def _property(self, bus: MessageBus, name: str) -> Any:
        return _plain((await self._read(bus, "Get", "ss", [INTERFACE, name], interface=PROPERTIES))[0])

    async def _read(self, bus: MessageBus, member: str, *arguments: Any, **more: Any) -> list[Any]:
        """Ask for what RAUC knows; that it cannot say it has no better words than these. Raises `Unavailable`."""
        try:
            return await self._ask(bus, member, *arguments, **more)
        except DBusError as error:
            log.error("%s: %s", member, error.text)
            raise Unavailable(N_("The updater does not answer. Try again in a moment.")) from error

    async def _ask(
        self,
        bus: MessageBus,
        member: str,
        signature: str = "",
        body: list[Any] | None = None,
        interface: str = INTERFACE,
    ) -> list[Any]:
        """Call a method; returns its answer's body. Raises `NoSlots`, or `DBusError` with RAUC's sentence."""
        flags = MessageFlag(0) if self.autostart else MessageFlag.NO_AUTOSTART
        message = Message(
            destination=NAME,
            path=PATH,
            interface=interface,
            member=member,
            signature=signature,
            body=body or [],
            flags=flags,
        )
        try:
            async with asyncio.timeout(CALL_S):
                answer = await bus.call(message)
        except (TimeoutError, EOFError, OSError) as error:
            raise Unavailable(N_("The updater does not answer. Try again in a moment.")) from error
        if answer is None or answer.message_type is MessageType.ERROR:
            name = answer.error_name or "" if answer else "Disconnected"
            if name.rpartition(".")[2].startswith(_ABSENT):
                raise _no_slots()
            raise DBusError(name, str(answer.body[0]) if answer and answer.body else name, answer)
        return list(answer.body)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[MessageBus]:
        try:
            bus = await MessageBus(self.address or None, BusType.SYSTEM).connect()
        except (OSError, EOFError, DBusError) as error:
            raise _no_slots() from error
        try:
            yield bus
        finally:
            await close(bus)


async def close(bus: MessageBus) -> None:
    """Leave a bus and close its socket, whose file object dbus-fast would keep until it is collected."""
    stream = getattr(bus, "_stream", None)
    bus.disconnect()
    with contextlib.suppress(OSError, EOFError):  # RAUC's bus may have ended before
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
    if stream is not None:
        stream.close()


class _Watch:
    """Hears what RAUC says of an installation; `done` becomes its result: 0, or 1 with an error, -1 when RAUC ends."""

    def __init__(self, bus: MessageBus, progress: Callable[[Progress], None]) -> None:
        self._bus = bus
        self._progress = progress
        self.done: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> "_Watch":
        self._bus.add_message_handler(self._heard)
        for rule in (
            f"type='signal',sender='{NAME}',path='{PATH}'",
            f"type='signal',sender='{BUS}',member='NameOwnerChanged',arg0='{NAME}'",
        ):
            message = Message(
                destination=BUS,
                path="/org/freedesktop/DBus",
                interface=BUS,
                member="AddMatch",
                signature="s",
                body=[rule],
            )
            await self._bus.call(message)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._bus.remove_message_handler(self._heard)
        self.done.cancel()

    def _heard(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        match message.member:
            case "Completed":
                self._settle(int(message.body[0]) and 1)
            case "PropertiesChanged" if message.body[0] == INTERFACE and "Progress" in message.body[1]:
                percent, words, _depth = message.body[1]["Progress"].value
                self._progress(Progress(percent, words))
            case "NameOwnerChanged" if message.body[0] == NAME and not message.body[2]:
                self._settle(-1)

    def _settle(self, result: int) -> None:
        if not self.done.done():
            self.done.set_result(result)


def _no_slots() -> NoSlots:
    return NoSlots(
        N_("This box cannot update itself: it does not run from an installed image. Replace it as a whole instead.")
    )


def _plain(value: Any) -> Any:
    """D-Bus variants without their types."""
    if isinstance(value, Variant):
        return _plain(value.value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _slot(name: str, status: dict[str, Any]) -> Slot:
    return Slot(
        name,
        str(status["bootname"]),
        status.get("state") == "booted",
        status.get("boot-status") == "good",
        str(status.get("bundle.version", "")),
        str(status.get("status", "")),
    )
