import assert from "node:assert/strict";
import { test } from "node:test";
import { Receiving, layersFor } from "../../../web_client/room/receiving.js";
import { FakeClock, settled } from "./clock.js";
import { FakePeer } from "./peer.js";

function start(transform = null) {
  FakePeer.made = [];
  const sent = [];
  const clock = new FakeClock();
  let silences = 0;
  const around = { ice: [], send: (message) => sent.push(message), silent: () => (silences += 1), clock, transform, make: (how) => new FakePeer(how) };
  const receiving = new Receiving(around);
  const events = [];
  for (const type of ["track", "trackended"]) {
    receiving.addEventListener(type, ({ detail }) => events.push([type, detail.person, detail.kind]));
  }
  return { receiving, sent, clock, events, peer: () => FakePeer.made.at(-1), silences: () => silences, did: (what) => sent.filter((one) => one.do === what) };
}

/** @param {...[string, string, string]} lines */
const offer = (name, ...lines) => [
  { type: "offer", sdp: name, mids: lines.map(([mid]) => mid) },
  lines.map(([mid, person, kind]) => ({ mid, person, kind })),
];

test("offers are answered in their order, and tracks belong to people", async () => {
  const { receiving, events, did } = start();
  void receiving.offer(...offer("one", ["0", "7", "camera"]));
  await receiving.offer(...offer("two", ["0", "7", "camera"], ["1", "8", "microphone"]));
  assert.deepEqual(did("answer").map(({ jsep }) => jsep.sdp), ["answer to one", "answer to two"]);
  assert.deepEqual(events, [["track", "7", "camera"], ["track", "8", "microphone"]]);
});

test("a line that is somebody else's now ends for the one and begins for the other", async () => {
  const { receiving, events } = start();
  await receiving.offer(...offer("one", ["0", "7", "camera"]));
  events.length = 0;
  await receiving.offer(...offer("two", ["0", "9", "screen"]));
  assert.deepEqual(events, [["trackended", "7", "camera"], ["track", "9", "screen"]]);
  events.length = 0;
  await receiving.offer(...offer("three"));
  assert.deepEqual(events, [["trackended", "9", "screen"]]);
});

test("candidates that come before their offer wait for it", async () => {
  const { receiving, peer } = start();
  await receiving.offer(...offer("one", ["0", "7", "camera"]));
  receiving.candidate({ candidate: "candidate:1", sdpMLineIndex: 0 });
  const done = receiving.offer(...offer("two", ["0", "7", "camera"]));
  receiving.candidate({ candidate: "candidate:2", sdpMLineIndex: 0 });
  assert.equal(peer().candidates.length, 1);
  await done;
  assert.equal(peer().candidates.length, 2);
});

test("an offer that fails is asked for again", async () => {
  const { receiving, did, events } = start();
  const error = console.error;
  console.error = () => {};
  await receiving.offer(...offer("broken", ["0", "7", "camera"]));
  console.error = error;
  assert.equal(did("restart").length, 1);
  await receiving.offer(...offer("two", ["0", "7", "camera"]));
  assert.deepEqual(events, [["track", "7", "camera"]]);
});

test("ICE starts again by the box's offer; one that does not come is told of", async () => {
  const { receiving, peer, clock, did, silences } = start();
  await receiving.offer(...offer("one", ["0", "7", "camera"]));
  peer().ice("failed");
  assert.equal(did("restart").length, 1);
  await receiving.offer(...offer("two", ["0", "7", "camera"]));
  clock.pass(60_000);
  assert.equal(silences(), 0);
  peer().ice("disconnected");
  clock.pass(3000);
  assert.equal(did("restart").length, 2);
  clock.pass(10_000);
  assert.equal(silences(), 1);
});

test("what is watched is told by line, again when the lines change, and not twice", async () => {
  const { receiving, did } = start();
  receiving.watch(new Map([["7", { camera: 2, screen: null }], ["8", { camera: 0, screen: 1 }]]));
  await receiving.offer(...offer("one", ["0", "7", "camera"], ["1", "7", "microphone"]));
  receiving.watch(new Map([["7", { camera: 2, screen: null }], ["8", { camera: 0, screen: 1 }]]));
  await receiving.offer(...offer("two", ["0", "7", "camera"], ["1", "7", "microphone"], ["2", "8", "camera"], ["3", "8", "screen"]));
  assert.deepEqual(did("watch").map(({ layers }) => layers), [{ 0: 2 }, { 0: 2, 2: 0, 3: 1 }]);
  receiving.resume();
  assert.equal(did("watch").length, 3);
});

test("pictures that are not shown are not asked for", () => {
  const sources = new Map([["0", { person: "7", kind: "camera" }], ["1", { person: "7", kind: "screen" }], ["2", { person: "8", kind: "camera" }]]);
  assert.deepEqual(layersFor(new Map([["7", { camera: 0, screen: null }]]), sources), { 0: 0 });
});

test("when the SFU is gone all tracks end, and the next offer makes a new connection", async () => {
  const { receiving, events } = start();
  await receiving.offer(...offer("one", ["0", "7", "camera"]));
  receiving.close();
  assert.deepEqual(events.at(-1), ["trackended", "7", "camera"]);
  await receiving.offer(...offer("two", ["0", "7", "camera"]));
  assert.equal(FakePeer.made.length, 2);
  assert.deepEqual(events.at(-1), ["track", "7", "camera"]);
});

test("the worker knows whose a line is before its first frame can come", async () => {
  const done = [];
  const transform = { insertable: false, from: (mid, source) => done.push(["from", mid, source?.person]), receiving: (_, mid) => done.push(["through", mid]) };
  const { receiving } = start(transform);
  await receiving.offer(...offer("one", ["0", "7", "camera"]));
  await receiving.offer(...offer("two", ["0", "9", "camera"]));
  await settled();
  assert.deepEqual(done, [["from", "0", "7"], ["through", "0"], ["from", "0", "9"]]);
});

test("a connection that has ended in the SFU gives way to another", async () => {
  const { receiving, events, did } = start();
  await receiving.offer(...offer("one", ["0", "7", "camera"]));
  receiving.anew();
  assert.equal(did("restart").length, 1);
  assert.deepEqual(events.at(-1), ["trackended", "7", "camera"]);
  await receiving.offer(...offer("two", ["0", "7", "camera"]));
  assert.equal(FakePeer.made.length, 2);
});
