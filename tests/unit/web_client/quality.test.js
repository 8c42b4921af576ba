import assert from "node:assert/strict";
import { test } from "node:test";
import { Quality, direction, level } from "../../../web_client/room/quality.js";

const PAIR = [
  { type: "transport", selectedCandidatePairId: "P" },
  { type: "candidate-pair", id: "other", nominated: true, state: "succeeded", currentRoundTripTime: 9 },
  { type: "candidate-pair", id: "P", localCandidateId: "L", currentRoundTripTime: 0.05 },
];
const host = { type: "local-candidate", id: "L", candidateType: "host" };
const relay = { ...host, candidateType: "relay" };

const outbound = (more) => ({ type: "outbound-rtp", timestamp: 2000, bytesSent: 1000, packetsSent: 100, ...more });
const good = () => direction("send", [...PAIR, host, outbound({})]).direction;

test("sending is summed up over all streams, since the last time", () => {
  const reports = [
    ...PAIR, host,
    outbound({ frameWidth: 1280, frameHeight: 720, framesPerSecond: 30, qualityLimitationReason: "none" }),
    outbound({ frameWidth: 320, frameHeight: 180, framesPerSecond: 15, qualityLimitationReason: "cpu" }),
    { type: "remote-inbound-rtp", packetsLost: 12, jitter: 0.02 },
  ];
  const before = { at: 1000, bytes: 1500, packets: 100, lost: 2 };
  assert.deepEqual(direction("send", reports, before).direction, {
    connected: true, relay: false, rtt: 50, loss: 0.1, jitter: 20, bitrate: 4000, width: 1280, height: 720, fps: 30, limited: "cpu", undecrypted: 0,
  });
});

test("receiving counts the lost among those that should have come", () => {
  const inbound = { type: "inbound-rtp", timestamp: 2000, bytesReceived: 500, packetsReceived: 90, packetsLost: 10, jitter: 0.001 };
  const { direction: seen } = direction("receive", [...PAIR, relay, inbound], undefined, 3);
  assert.equal(seen.loss, 0.1);
  assert.equal(seen.relay, true);
  assert.equal(seen.undecrypted, 3);
  assert.equal(seen.bitrate, 0); // the first time there is nothing before
});

test("without a pair in use nothing is connected; Firefox names the pair in its own way", () => {
  assert.equal(direction("send", [outbound({})]).direction.connected, false);
  const pair = { type: "candidate-pair", id: "P", nominated: true, state: "succeeded", currentRoundTripTime: 0.01 };
  assert.equal(direction("send", [pair]).direction.rtt, 10);
});

test("a level says how it is, and its why what to do", () => {
  const all = (/** @type {object} */ more) => level([{ ...good(), ...more }, good()], true);
  assert.deepEqual(all({}), { level: 3, why: "" });
  assert.deepEqual(all({ relay: true }), { level: 3, why: "" }); // a detour that nobody notices
  assert.deepEqual(all({ loss: 0.05 }), { level: 2, why: "network" });
  assert.deepEqual(all({ jitter: 60 }), { level: 2, why: "network" });
  assert.deepEqual(all({ rtt: 500, relay: true }), { level: 2, why: "relay" });
  assert.deepEqual(all({ rtt: 900 }), { level: 1, why: "network" });
  assert.deepEqual(all({ loss: 0.2, limited: "cpu" }), { level: 1, why: "network" });
  assert.deepEqual(all({ limited: "cpu" }), { level: 2, why: "processor" });
  assert.deepEqual(all({ limited: "bandwidth" }), { level: 2, why: "network" });
  assert.deepEqual(all({ connected: false }), { level: 0, why: "lost" });
  assert.deepEqual(level([null, good()], true), { level: 3, why: "" });
  assert.deepEqual(level([good()], false), { level: 0, why: "lost" });
});

test("a connection that only begins is no lost one, one that broke is", async () => {
  const peer = (state, reports) => ({ connectionState: "x", iceConnectionState: state, getStats: async () => reports });
  const quality = new Quality();
  assert.equal(await quality.of("send", peer("checking", [])), null);
  assert.equal((await quality.of("send", peer("disconnected", PAIR))).connected, false);
  assert.equal((await quality.of("send", peer("connected", PAIR))).connected, true);
});
