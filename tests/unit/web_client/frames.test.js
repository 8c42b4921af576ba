import assert from "node:assert/strict";
import { test } from "node:test";
import { Frames } from "../../../web_client/room/frames.js";

const KEY = new Uint8Array(16).fill(9);
const FRAME = Uint8Array.of(0x11, 1, 2, 3, 4);

async function two() {
  const [ann, bob] = [new Frames(), new Frames()];
  await ann.mine(0, KEY);
  await bob.theirs("1", 0, KEY);
  bob.from("m", { person: "1", kind: "camera" });
  return [ann, bob];
}

test("a line's frames are opened with the keys of whom the box says it carries", async () => {
  const [ann, bob] = await two();
  assert.deepEqual(await bob.open("m", await ann.seal("camera", FRAME)), FRAME);
  bob.from("m", { person: "2", kind: "camera" });
  assert.equal(await bob.open("m", await ann.seal("camera", FRAME)), null);
  bob.from("m", null);
  assert.equal(await bob.open("m", await ann.seal("camera", FRAME)), null);
});

test("the box cannot show one person's picture as another's, or their screen as their camera", async () => {
  const [ann, bob] = await two();
  await bob.theirs("2", 0, new Uint8Array(16));
  bob.from("m", { person: "2", kind: "camera" });
  assert.equal(await bob.open("m", await ann.seal("camera", FRAME)), null);
  bob.from("m", { person: "1", kind: "screen" });
  assert.equal(await bob.open("m", await ann.seal("camera", FRAME)), null);
});

test("what was dropped is counted by person and why, and told once", async () => {
  const [ann, bob] = await two();
  const sealed = await ann.seal("camera", FRAME);
  await bob.open("m", sealed);
  await bob.open("m", sealed);
  bob.from("n", { person: "3", kind: "microphone" });
  await bob.open("n", sealed);
  assert.deepEqual([...bob.told()], [["1", { replay: 1 }], ["3", { key: 1 }]]);
  assert.equal(bob.told().size, 0);
});

test("nothing goes out in the clear before there is a key", async () => {
  assert.equal(await new Frames().seal("camera", FRAME), null);
});

test("somebody who is forgotten is not heard", async () => {
  const [ann, bob] = await two();
  bob.forget("1");
  assert.equal(await bob.open("m", await ann.seal("camera", FRAME)), null);
});

test("key frames are asked for the pictures of a person, not for their sound", () => {
  const frames = new Frames();
  for (const [mid, kind] of [["0", "microphone"], ["1", "camera"], ["2", "screen"]]) frames.from(mid, { person: "1", kind });
  frames.from("3", { person: "2", kind: "camera" });
  assert.deepEqual(frames.pictures("1"), ["1", "2"]);
});
