import assert from "node:assert/strict";
import { test } from "node:test";
import { Sending } from "../../../web_client/room/sending.js";
import { FakeClock, settled } from "./clock.js";
import { FakePeer, track } from "./peer.js";

async function start({ encrypted = false } = {}) {
  FakePeer.made = [];
  const sent = [];
  const clock = new FakeClock();
  const lines = [];
  const transform = encrypted ? { insertable: false, sending: (sender, kind) => lines.push(kind) } : null;
  let silences = 0;
  const silent = () => (silences += 1);
  const around = { ice: [{ urls: "turn:a" }], send: (message) => sent.push(message), silent, clock, transform, make: (how) => new FakePeer(how) };
  const sending = new Sending(around, encrypted);
  await sending.start(true);
  const published = () => sent.filter((message) => message.do === "publish");
  const answer = async () => {
    await settled();
    sending.published({ type: "answer", sdp: `answer ${published().length}` });
    await settled();
  };
  return { sending, sent, clock, published, answer, lines, around, peer: () => FakePeer.made.at(-1), silences: () => silences };
}

/** Camera and microphone are sent. */
async function sendingBoth(options) {
  const all = await start(options);
  const done = Promise.all([all.sending.set("microphone", track("audio")), all.sending.set("camera", track("video", 1280))]);
  await all.answer();
  await done;
  return all;
}

test("without anything to send there is no connection", async () => {
  const { published } = await start();
  await settled();
  assert.equal(FakePeer.made.length, 0);
  assert.deepEqual(published(), []);
});

test("changes at the same time make one offer, which says what each line is", async () => {
  const { published, peer } = await sendingBoth();
  assert.deepEqual(published().map(({ tracks }) => tracks), [{ 0: "microphone", 1: "camera" }]);
  assert.deepEqual(published()[0].jsep, { type: "offer", sdp: "offer 1" });
  assert.equal(peer().lines[1].sender.encodings.length, 3);
  assert.equal(peer().lines[0].sender.track.contentHint, "speech");
});

test("one offer waits for the answer to the one before", async () => {
  const { sending, published, answer } = await start();
  const first = sending.set("microphone", track("audio"));
  await settled();
  const second = sending.set("camera", track("video", 1280));
  const third = sending.set("screen", track("video", 1920));
  await settled();
  assert.equal(published().length, 1);
  await answer();
  await first;
  assert.equal(published().length, 2);
  await answer();
  await Promise.all([second, third]);
  assert.deepEqual(published()[1].tracks, { 0: "microphone", 1: "camera", 2: "screen" });
});

test("another device takes the place of the old one without an offer, and its layers fit it", async () => {
  const { sending, published, peer } = await sendingBoth();
  const narrow = track("video", 320);
  await sending.set("camera", narrow);
  const { sender } = peer().lines[1];
  assert.equal(published().length, 1);
  assert.equal(sender.track, narrow);
  assert.deepEqual(sender.encodings.map(({ rid, active }) => [rid, active]), [["h", false], ["m", true], ["l", true]]);
});

test("null stops sending, and the line is used again", async () => {
  const { sending, published, answer, peer } = await sendingBoth();
  const off = sending.set("camera", null);
  await answer();
  await off;
  assert.equal(peer().lines[1].direction, "inactive");
  assert.equal(peer().lines[1].sender.track, null);
  assert.deepEqual(published()[1].tracks, { 0: "microphone" });
  const on = sending.set("camera", track("video", 1280));
  await answer();
  await on;
  assert.equal(peer().lines.length, 2);
  assert.deepEqual(published()[2].tracks, { 0: "microphone", 1: "camera" });
});

test("what the box refuses is told, taken back, and does not hold up the next", async () => {
  const { sending, published, answer, peer } = await start();
  const refused = assert.rejects(sending.set("camera", track("video", 1280)), /Viewers send nothing/);
  await settled();
  sending.refused("Viewers send nothing.");
  await refused;
  assert.ok(peer().calls.includes("rollback"));
  assert.equal(sending.track("camera"), null);
  const next = sending.set("microphone", track("audio"));
  await answer();
  await next;
  assert.deepEqual(published()[1].tracks, { 1: "microphone" });
});

test("a box that does not answer is told of", async () => {
  const { sending, clock, silences } = await start();
  const refused = assert.rejects(sending.set("camera", track("video", 1280)), /did not answer/);
  await settled();
  clock.pass(15_000);
  await refused;
  assert.equal(silences(), 1);
});

test("candidates that come before the answer wait for it, and Janus's have no mid", async () => {
  const { sending, answer, peer } = await start();
  const done = sending.set("microphone", track("audio"));
  await settled();
  sending.candidate({ candidate: "candidate:1", sdpMLineIndex: 0 });
  sending.candidate({ candidate: "", completed: true });
  sending.candidate(null);
  assert.deepEqual(peer().candidates, []);
  await answer();
  await done;
  sending.candidate({ candidate: "candidate:2", sdpMid: "0", sdpMLineIndex: 0 });
  assert.deepEqual(peer().candidates, [{ candidate: "candidate:1", sdpMLineIndex: 0 }, { candidate: "candidate:2", sdpMid: "0" }]);
});

test("ICE starts again when it failed, and after three seconds without", async () => {
  const { published, answer, peer, clock } = await sendingBoth();
  peer().ice("failed");
  await answer();
  assert.equal(published().length, 2);
  peer().ice("disconnected");
  clock.pass(2000);
  peer().ice("connected");
  clock.pass(5000);
  await settled();
  assert.equal(published().length, 2);
  peer().ice("disconnected");
  clock.pass(3000);
  await answer();
  assert.equal(published().length, 3);
  assert.equal(peer().calls.filter((call) => call === "restartIce").length, 2);
});

test("after a resumption the same connection goes on, with the new passwords of the relay", async () => {
  const { sending, published, answer, around, peer } = await sendingBoth();
  sending.stop();
  around.ice = [{ urls: "turn:b" }];
  const started = sending.start(false);
  await answer();
  await started;
  assert.equal(FakePeer.made.length, 1);
  assert.deepEqual(peer().configuration.iceServers, [{ urls: "turn:b" }]);
  assert.ok(peer().calls.includes("restartIce"));
  assert.deepEqual(published()[1].tracks, { 0: "microphone", 1: "camera" });
});

test("an offer whose answer was lost with the socket is made again", async () => {
  const { sending, published, answer } = await start();
  const done = sending.set("microphone", track("audio"));
  await settled();
  sending.stop();
  await done;
  const camera = sending.set("camera", track("video", 1280)); // away: it waits
  await settled();
  assert.equal(published().length, 1);
  const started = sending.start(false);
  await answer();
  await Promise.all([started, camera]);
  assert.deepEqual(published()[1].tracks, { 0: "microphone", 1: "camera" });
});

test("when the SFU is back everything is sent on a new connection", async () => {
  const { sending, published, answer } = await sendingBoth();
  sending.close();
  assert.equal(FakePeer.made[0].connectionState, "closed");
  const started = sending.start(true);
  await answer();
  await started;
  assert.equal(FakePeer.made.length, 2);
  assert.deepEqual(published()[1].tracks, { 0: "microphone", 1: "camera" });
});

test("in an encrypted room every line goes through the worker before it is offered", async () => {
  const { lines, published } = await start({ encrypted: true }).then(async (all) => {
    void all.sending.set("camera", track("video", 1280));
    await settled();
    assert.deepEqual(all.lines, ["camera"]);
    return all;
  });
  assert.equal(published().length, 1);
  assert.deepEqual(lines, ["camera"]);
});
