"""Rooms full of people, whichever way they speak with the SFU: they come in, send, and their packets are counted."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from tests.bench.media.counter import Counter
from tests.bench.media.leg import Leg
from tests.bench.media.speaking import Speaker

AT_ONCE = 10  # people who come in at the same time
ALL_IN_S = 120.0


@dataclass(frozen=True)
class Shape:
    """What a crowd is: so many rooms, each with people who send and receive and viewers who only receive.

    `bit_s` is each camera's; its sound is 32 kbit/s, before headers.
    """

    rooms: int
    senders: int
    viewers: int
    bit_s: int

    @property
    def fan_out(self) -> int:
        """How many receive what one sends."""
        return self.senders - 1 + self.viewers

    @property
    def cameras(self) -> int:
        """Cameras that are forwarded, once for each who receives it; each has its sound."""
        return self.rooms * self.senders * self.fan_out


class Person(Protocol):
    """Somebody in a room."""

    receiving: Leg

    async def publish(self) -> Leg:
        """Send a microphone and a camera; returns the connected side."""

    async def receives(self, cameras: int) -> None:
        """Wait until so many cameras and their sounds are agreed on and the connection stands."""

    async def close(self) -> None:
        """Leave."""


# Comes into the room of this number, as a viewer or not.
Enter = Callable[[int, bool], Awaitable[Person]]


@dataclass
class Crowd:
    """A crowd that is in; `joined_s` is how long its viewers took, from the first to the last, or else everybody."""

    shape: Shape
    speakers: list[Speaker] = field(default_factory=list)
    joined_s: float = 0.0

    def pause(self, on: bool) -> None:
        """Send nothing for a while, or go on."""
        for speaker in self.speakers:
            speaker.paused = on

    @property
    def published(self) -> int:
        """Packets that were sent to the SFU so far."""
        return sum(speaker.packets for speaker in self.speakers)


@asynccontextmanager
async def gathered(shape: Shape, enter: Enter, counter: Counter) -> AsyncIterator[Crowd]:
    """Everybody inside, sending and receiving, with all receivers' sockets at the counter."""
    crowd, turn = Crowd(shape), asyncio.Semaphore(AT_ONCE)
    people: list[Person] = []
    async with asyncio.TaskGroup() as speaking:
        tasks: list[asyncio.Task[None]] = []

        async def somebody(room: int, viewer: bool) -> Person:
            person = await enter(room, viewer)
            people.append(person)
            return person

        async def sender(room: int) -> Person:
            async with turn:
                person = await somebody(room, viewer=False)
                speaker = Speaker(await person.publish(), shape.bit_s)
                crowd.speakers.append(speaker)
                tasks.append(speaking.create_task(speaker.speak()))
                return person

        async def viewer(room: int) -> None:
            async with turn:
                await counted(await somebody(room, viewer=True), shape.senders)

        async def counted(person: Person, cameras: int) -> None:
            if cameras:
                await asyncio.wait_for(person.receives(cameras), ALL_IN_S)
                counter.take(person.receiving.detach())

        started = time.monotonic()
        senders = await asyncio.gather(*(sender(room) for room in range(shape.rooms) for _ in range(shape.senders)))
        await asyncio.gather(*(counted(person, shape.senders - 1) for person in senders))
        if shape.viewers:
            started = time.monotonic()
            await asyncio.gather(*(viewer(room) for room in range(shape.rooms) for _ in range(shape.viewers)))
        crowd.joined_s = time.monotonic() - started
        try:
            yield crowd
        finally:
            counter.forget()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*(person.close() for person in people))
