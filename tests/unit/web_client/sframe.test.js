import assert from "node:assert/strict";
import { test } from "node:test";
import { Opener, Sealer, Unreadable, WINDOW, clearBytes } from "../../../web_client/room/sframe.js";

const KEY = Uint8Array.from({ length: 16 }, (_, place) => place + 16);
const OTHER = new Uint8Array(16);
const OPUS = Uint8Array.of(0xfc, 1, 2, 3, 4);
const KEY_FRAME = Uint8Array.from({ length: 400 }, (_, place) => (place === 0 ? 0x10 : place & 255));
const DELTA = Uint8Array.from({ length: 90 }, (_, place) => (place === 0 ? 0x11 : place & 255));

async function pair(kind = "camera", id = 0) {
  const [sealer, opener] = [new Sealer(kind), new Opener(kind)];
  await sealer.use(id, KEY);
  await opener.take(id, KEY);
  return { sealer, opener };
}

const why = (expected) => (error) => error instanceof Unreadable && error.why === expected;
const counter = (sealed) => new DataView(sealed.buffer).getUint32(sealed.length - 5);

test("a frame comes out as it went in", async () => {
  const { sealer, opener } = await pair();
  for (const frame of [KEY_FRAME, DELTA, Uint8Array.of(1), Uint8Array.of(0, 2, 3)]) {
    assert.deepEqual(await opener.open(await sealer.seal(frame)), frame);
  }
});

test("a frame looks as other implementations of docs/rooms.md make it", async () => {
  const { sealer } = await pair("microphone", 7);
  const sealed = await sealer.seal(OPUS);
  assert.equal(Buffer.from(sealed).toString("hex"), "fccc3ef54a8904d4e7fe3ec44fb765bbc086d0edf80000000007");
});

test("the bytes that the SFU looks at stay clear, and no others", async () => {
  const { sealer } = await pair();
  for (const [frame, clear] of [[KEY_FRAME, 10], [DELTA, 3]]) {
    const sealed = await sealer.seal(frame);
    assert.equal(sealed.length, frame.length + 16 + 5);
    assert.deepEqual(sealed.subarray(0, clear), frame.subarray(0, clear));
    assert.notDeepEqual(sealed.subarray(clear, clear + 16), frame.subarray(clear, clear + 16));
  }
  assert.equal(clearBytes("microphone", OPUS, OPUS.length), 1);
  assert.equal(clearBytes("screen-sound", KEY_FRAME, 400), 1);
  assert.equal(clearBytes("screen", KEY_FRAME, 400), 10);
});

test("a change of any byte is noticed, of the clear ones too", async () => {
  const { sealer, opener } = await pair();
  const sealed = await sealer.seal(KEY_FRAME);
  for (const place of [0, 5, 9, 10, 200, sealed.length - 6, sealed.length - 2]) {
    const changed = sealed.slice();
    changed[place] ^= 1;
    await assert.rejects(opener.open(changed), why("tampered"), `byte ${place}`);
  }
  assert.deepEqual(await opener.open(sealed), KEY_FRAME); // the attempts took nothing from the window
});

test("neither another sender's key, nor another kind's, nor an unknown one opens a frame", async () => {
  const { sealer } = await pair("camera");
  const [stranger, screen, early] = [new Opener("camera"), new Opener("screen"), new Opener("camera")];
  await stranger.take(0, OTHER);
  await screen.take(0, KEY);
  const sealed = await sealer.seal(DELTA);
  await assert.rejects(stranger.open(sealed), why("tampered"));
  await assert.rejects(screen.open(sealed), why("tampered"));
  await assert.rejects(early.open(sealed), why("key"));
  await assert.rejects(early.open(OPUS), why("short"));
});

test("no frame is taken twice, and none that is much too old", async () => {
  const { sealer, opener } = await pair();
  const frames = [];
  for (let count = 0; count <= WINDOW + 1; count += 1) frames.push(await sealer.seal(DELTA));
  await opener.open(frames[5]);
  await opener.open(frames[3]); // a little late is well
  await assert.rejects(opener.open(frames[5]), why("replay"));
  await opener.open(frames[WINDOW + 1]);
  await opener.open(frames[2]); // the oldest one that is not too old
  await assert.rejects(opener.open(frames[1]), why("replay"));
  await assert.rejects(opener.open(frames[3]), why("replay"));
});

test("two copies that come at the same time are one", async () => {
  const { sealer, opener } = await pair();
  const sealed = await sealer.seal(DELTA);
  const results = await Promise.allSettled([opener.open(sealed), opener.open(sealed)]);
  assert.deepEqual(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
});

test("no nonce comes twice, over all layers that are encrypted at the same time", async () => {
  const { sealer } = await pair();
  const layers = ["h", "m", "l"].map(() => Array.from({ length: 50 }, () => sealer.seal(DELTA)));
  const counters = (await Promise.all(layers.flat())).map(counter);
  assert.equal(new Set(counters).size, 150);
});

test("the same key given again does not start its counter again", async () => {
  const { sealer } = await pair();
  await sealer.seal(DELTA);
  await sealer.use(0, KEY);
  assert.equal(counter(await sealer.seal(DELTA)), 1);
});

test("an old key id, or the same one, does not open the window again", async () => {
  const { sealer, opener } = await pair("camera", 255);
  const sealed = await sealer.seal(DELTA);
  await opener.open(sealed);
  assert.equal(await opener.take(255, KEY), false);
  await assert.rejects(opener.open(sealed), why("replay"));
  assert.equal(await opener.take(0, OTHER), true); // ids count on after 255
  assert.equal(await opener.take(255, KEY), false);
  await assert.rejects(opener.open(sealed), why("replay"));
});

test("frames under the key before are still read", async () => {
  const { sealer, opener } = await pair();
  const late = await sealer.seal(DELTA);
  await opener.take(1, OTHER);
  await sealer.use(1, OTHER);
  assert.deepEqual(await opener.open(await sealer.seal(KEY_FRAME)), KEY_FRAME);
  assert.deepEqual(await opener.open(late), DELTA);
});

test("nothing is sent before there is a key, and an empty frame stays empty", async () => {
  const sealer = new Sealer("camera");
  await assert.rejects(sealer.seal(DELTA), why("key"));
  assert.equal((await sealer.seal(new Uint8Array())).length, 0);
  assert.equal((await new Opener("camera").open(new Uint8Array())).length, 0);
});
