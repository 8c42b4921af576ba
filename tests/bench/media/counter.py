"""A process that takes receivers' sockets over and counts what arrives; nothing is decrypted."""

import multiprocessing
import os
import select
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.bench.media.rtp import Arrived, Tally, header

BUFFER_BYTES = 8 * 1024 * 1024
BEFORE_THE_BOX = -15  # nice(2): the receivers stand for other machines, which the box cannot hold up
AT_ONCE = 64  # packets of one socket before the next one has its turn
LARGEST = 2048
QUIET_S = 0.5
MOST_SOCKETS = 16  # of one receiver: one for each address of this machine
SO_RCVBUFFORCE = 33  # beyond the machine's limit; socket(7), not in Python


class Counter:
    """The process, seen from here. Used as a context manager."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair()
        context = multiprocessing.get_context("spawn")
        self._answers, answer = context.Pipe(duplex=False)
        self._process = context.Process(target=_count, args=(theirs, answer), daemon=True)
        self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ours.close()
        self._process.join(10)

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process.pid
        return self._process.pid

    def take(self, descriptors: list[int]) -> None:
        """Hand one receiver's UDP sockets over; they stay open here too."""
        socket.send_fds(self._ours, [b"s"], descriptors)

    def reset(self) -> None:
        """Begin anew."""
        self._ours.send(b"r")
        self._answers.recv()

    def settled(self) -> Tally:
        """What has arrived since, once nothing more comes."""
        last = self.tally()
        while True:
            time.sleep(QUIET_S)
            now = self.tally()
            if now.received == last.received:
                return now
            last = now

    def tally(self) -> Tally:
        """What has arrived so far."""
        self._ours.send(b"t")
        tally = self._answers.recv()
        assert isinstance(tally, Tally)
        return tally

    def forget(self) -> None:
        """Close all sockets."""
        self._ours.send(b"f")
        self._answers.recv()


@dataclass(frozen=True)
class _Socket:
    socket: socket.socket
    receiver: int


@dataclass
class _Count:
    streams: dict[tuple[int, int], Arrived] = field(default_factory=dict)
    size: int = 0
    dropped: int = 0


def _count(orders: socket.socket, answers: "Connection[Tally | None, None]") -> None:
    """The process's whole life."""
    os.nice(BEFORE_THE_BOX)
    epoll, sockets, count = select.epoll(), dict[int, _Socket](), _Count()
    epoll.register(orders, select.EPOLLIN)
    while True:
        for descriptor, _ in epoll.poll():
            if descriptor in sockets:
                _drain(sockets[descriptor], count)
                continue
            # One order at a time, since a socket that comes along belongs to the byte it came with.
            order, descriptors, _, _ = socket.recv_fds(orders, 1, MOST_SOCKETS)
            match order:
                case b"s":
                    for one in descriptors:
                        sockets[one] = _Socket(_taken(one), descriptors[0])
                        epoll.register(one, select.EPOLLIN)
                case b"r":
                    count = _Count(dropped=_dropped(sockets))
                    answers.send(None)
                case b"t":
                    answers.send(_tally(count, _dropped(sockets)))
                case b"f":
                    for each in sockets.values():
                        each.socket.close()
                    sockets.clear()
                    answers.send(None)
                case _:
                    return


def _taken(descriptor: int) -> socket.socket:
    taken = socket.socket(fileno=descriptor)
    taken.setblocking(False)
    taken.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
    return taken


def _drain(source: _Socket, count: _Count) -> None:
    receive, streams = source.socket.recv, count.streams
    with suppress(BlockingIOError):
        for _ in range(AT_ONCE):
            packet = receive(LARGEST)
            found = header(packet)
            if found is None:
                continue
            count.size += len(packet)
            key = (source.receiver, found[0])
            if (stream := streams.get(key)) is None:
                streams[key] = Arrived(found[1])
            else:
                stream.take(found[1])


def _tally(count: _Count, dropped: int) -> Tally:
    streams = count.streams.values()
    return Tally(
        streams=len(streams),
        received=sum(stream.packets for stream in streams),
        size=count.size,
        gaps=sum(stream.span - stream.packets for stream in streams),
        dropped=dropped - count.dropped,
    )


def _dropped(sockets: Iterable[int]) -> int:
    """Packets for which these sockets had no room: the last column of proc(5)'s net/udp; the tenth is the inode."""
    inodes = {str(os.fstat(descriptor).st_ino) for descriptor in sockets}
    lines = [
        line.split() for name in ("udp", "udp6") for line in Path(f"/proc/self/net/{name}").read_text().splitlines()
    ]
    return sum(int(words[-1]) for words in lines if len(words) > 9 and words[9] in inodes)
