"""Sending a made-up microphone and camera over a connection, at the pace of real ones."""

import asyncio
from dataclasses import dataclass

from tests.bench.media.leg import Leg
from tests.bench.media.rtp import FRAMES_PER_S, OPUS, SOUND_S, VP8, Stream, pictures, sounds

LATE_S = 0.1


@dataclass
class Speaker:
    """Who sends; `packets` says how many went out."""

    leg: Leg
    bit_s: int  # of the camera
    packets: int = 0
    paused: bool = False

    async def speak(self) -> None:
        """Send until cancelled. A little that was late is made up for; more is left out, as a camera would."""
        sound, picture = sounds(Stream(self.leg.sound, OPUS)), pictures(Stream(self.leg.picture, VP8), self.bit_s)
        loop = asyncio.get_running_loop()
        next_sound = next_picture = loop.time()
        while True:
            now = loop.time()
            if self.paused:
                await asyncio.sleep(SOUND_S)
                continue
            if now - min(next_sound, next_picture) > LATE_S:
                next_sound = next_picture = now
            while next_sound <= now:
                next_sound += SOUND_S
                await self._send(next(sound))
            while next_picture <= now:
                next_picture += 1 / FRAMES_PER_S
                for packet in next(picture):
                    await self._send(packet)
            await asyncio.sleep(max(0.0, min(next_sound, next_picture) - loop.time()))

    async def _send(self, packet: bytes) -> None:
        await self.leg.send(packet)
        self.packets += 1
