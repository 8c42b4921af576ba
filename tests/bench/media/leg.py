"""One WebRTC connection with an SFU and nothing behind it: ICE and DTLS by aiortc, descriptions by hand.

aiortc's own peer connection would start a decoder for each of hundreds of streams.
"""

import asyncio
import secrets
from typing import Any

from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceGatherer, RTCIceTransport
from aiortc.sdp import SessionDescription, candidate_from_sdp, candidate_to_sdp

from tests.bench.media.rtp import OPUS, VP8

CONNECT_S = 60.0
KEPT = ("a=mid:", "a=rtpmap:", "a=fmtp:", "a=rtcp-fb:", "a=extmap:")


class Leg:
    """A connection, from here. `offer` or `answer` begins it; packets go out by `send` once it is `connected`."""

    def __init__(self) -> None:
        self._gatherer = RTCIceGatherer(iceServers=[])
        self._ice = RTCIceTransport(self._gatherer)
        self._dtls = RTCDtlsTransport(self._ice, [RTCCertificate.generateCertificate()])
        self._identity = secrets.randbits(62)
        self._connecting: asyncio.Task[None] | None = None
        self._told = asyncio.Event()  # ICE gives up at once when it begins without a candidate
        self.sound, self.picture = secrets.randbits(32), secrets.randbits(32)  # SSRCs

    async def offer(self) -> str:
        """A description of a microphone and a camera that are sent."""
        self._ice._connection.ice_controlling = True
        await self._gatherer.gather()
        sound = [f"a=rtpmap:{OPUS} opus/48000/2", f"a=ssrc:{self.sound} cname:bench"]
        picture = [f"a=rtpmap:{VP8} VP8/90000", f"a=ssrc:{self.picture} cname:bench"]
        picture += [f"a=rtcp-fb:{VP8} {what}" for what in ("nack", "nack pli", "ccm fir", "goog-remb")]
        sections = [
            [f"m=audio 9 UDP/TLS/RTP/SAVPF {OPUS}", "a=mid:0", *sound],
            [f"m=video 9 UDP/TLS/RTP/SAVPF {VP8}", "a=mid:1", *picture],
        ]
        return self._description([[*lines, "a=sendonly"] for lines in sections], ["0", "1"], "actpass")

    async def answer(self, offer: str) -> str:
        """The answer to an offer: take everything. The first begins the connection."""
        if self._connecting is None:
            await self._gatherer.gather()
            self.connect(offer)
        sections = [section.splitlines() for section in ("\r\n" + offer).split("\r\nm=")[1:]]
        taken = [_answered(section) for section in sections]
        mids = [line.partition(":")[2] for lines in taken for line in lines if line.startswith("a=mid:")]
        return self._description(taken, mids, "active")

    def connect(self, remote: str) -> None:
        """Begin, with the other side's description."""
        self._connecting = asyncio.create_task(self._connect(SessionDescription.parse(remote)))

    async def candidate(self, candidate: dict[str, Any] | None) -> None:
        """A candidate of the other side, as it trickles; none when there are no more."""
        if candidate is None or candidate.get("completed"):
            await self._ice.addRemoteCandidate(None)
            return
        found = candidate_from_sdp(candidate["candidate"].removeprefix("candidate:"))
        found.sdpMid, found.sdpMLineIndex = candidate.get("sdpMid"), candidate.get("sdpMLineIndex")
        await self._ice.addRemoteCandidate(found)
        self._told.set()

    async def connected(self) -> None:
        """Wait until packets may flow. Raises `ConnectionError`, `TimeoutError`."""
        assert self._connecting
        await asyncio.wait_for(asyncio.shield(self._connecting), CONNECT_S)

    async def send(self, packet: bytes) -> None:
        """Encrypt and send an RTP packet."""
        await self._dtls._send_rtp(packet)

    def detach(self) -> list[int]:
        """Leave the connection's sockets to somebody else; returns their descriptors. Only `close` may follow.

        All of them: the SFU may go over to a better pair of candidates at any time.
        """
        connection = self._ice._connection
        if connection._query_consent_task is not None:  # its answers arrive elsewhere now
            connection._query_consent_task.cancel()
        transports = [each.transport for each in connection._protocols if each.transport]
        descriptors: list[int] = [each.get_extra_info("socket").fileno() for each in transports]
        for descriptor in descriptors:
            asyncio.get_running_loop()._remove_reader(descriptor)  # type: ignore[attr-defined]  # the public one refuses
        return descriptors

    async def close(self) -> None:
        """End it."""
        if self._connecting is not None:
            self._connecting.cancel()
        await self._dtls.stop()
        await self._ice.stop()

    async def _connect(self, remote: SessionDescription) -> None:
        media = remote.media[0]  # all share one transport
        assert media.ice
        assert media.dtls
        for candidate in media.ice_candidates:
            await self._ice.addRemoteCandidate(candidate)
            self._told.set()
        await self._told.wait()
        await self._ice.start(media.ice)
        if self._ice.state != "completed":
            raise ConnectionError(f"ICE: {self._ice.state}")
        await self._dtls.start(media.dtls)
        if self._dtls.state != "connected":
            raise ConnectionError(f"DTLS: {self._dtls.state}")

    def _description(self, sections: list[list[str]], mids: list[str], setup: str) -> str:
        own, parameters = self._gatherer.getLocalParameters(), self._dtls.getLocalParameters()
        prints = [f"a=fingerprint:{each.algorithm} {each.value}" for each in parameters.fingerprints[:1]]
        transport = [f"a=ice-ufrag:{own.usernameFragment}", f"a=ice-pwd:{own.password}", *prints, f"a=setup:{setup}"]
        transport += [f"a=candidate:{candidate_to_sdp(each)}" for each in self._gatherer.getLocalCandidates()]
        head = ["v=0", f"o=- {self._identity} 2 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {' '.join(mids)}"]
        body = [[lines[0], "c=IN IP4 0.0.0.0", *lines[1:], "a=rtcp-mux", *transport] for lines in sections]
        return "\r\n".join([*head, *(line for lines in body for line in lines)]) + "\r\n"


def _answered(section: list[str]) -> list[str]:
    direction = "a=recvonly" if "a=sendonly" in section or "a=sendrecv" in section else "a=inactive"
    return [f"m={section[0]}", *(line for line in section[1:] if line.startswith(KEPT)), direction]
