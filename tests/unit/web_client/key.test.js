import assert from "node:assert/strict";
import { test } from "node:test";
import { hkdf } from "../../../web_client/room/hkdf.js";
import { newIdentity, newKey, open, openText, pairKey, proven, roomKeys, seal, sealText } from "../../../web_client/room/key.js";

const KEY = "AAECAwQFBgcICQoLDA0ODw"; // the bytes 0 to 15
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const keys = await roomKeys(KEY);

test("HKDF gives what RFC 5869 says (test case 3)", async () => {
  const okm = await hkdf(new Uint8Array(22).fill(0x0b), "", 42);
  assert.equal(hex(okm), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
});

test("what is derived from a room's key is what another implementation derives", () => {
  assert.equal(keys.check, "0D1PL8m0WZfPFooAWuM54Q");
  assert.equal(hex(keys.secret), "ab4296563b1271a7ff2c32fab2a94aa348aed4d806f3d124ed593bf5f41d7303");
});

test("only a key of 16 bytes is a key", async () => {
  for (const wrong of ["", "AAECAwQFBgcICQoLDA0O", "AAECAwQFBgcICQoLDA0OD+", "%"]) await assert.rejects(roomKeys(wrong), Error, wrong);
  await roomKeys(newKey());
});

test("a public key is taken only with the proof that its owner has the room's key", async () => {
  const me = await newIdentity(keys.secret);
  assert.deepEqual(await proven(keys.secret, me.public), me.raw);
  const other = await roomKeys(newKey());
  assert.equal(await proven(other.secret, me.public), null);
  const { proof } = JSON.parse((await newIdentity(keys.secret)).public);
  assert.equal(await proven(keys.secret, JSON.stringify({ ...JSON.parse(me.public), proof })), null);
  for (const nonsense of [null, "", "{}", "null", '{"key": 1, "proof": "?"}']) assert.equal(await proven(keys.secret, nonsense), null);
});

test("two browsers share a key that a third has not, and a message belongs to its writer", async () => {
  const [ann, bob, eve] = await Promise.all([newIdentity(keys.secret), newIdentity(keys.secret), newIdentity(keys.secret)]);
  const told = await seal(await pairKey(ann, bob.raw, keys.secret), Uint8Array.of(1, 2, 3), ann.raw);
  const bobs = await pairKey(bob, ann.raw, keys.secret);
  assert.deepEqual(await open(bobs, told, ann.raw), Uint8Array.of(1, 2, 3));
  assert.equal(await open(bobs, told, bob.raw), null); // the box cannot send it back as his
  assert.equal(await open(await pairKey(eve, ann.raw, keys.secret), told, ann.raw), null);
});

test("chat is read with the room's key only, and no two messages look alike", async () => {
  const text = "Grüße 👋";
  const sealed = await sealText(keys.chat, text);
  assert.equal(await openText(keys.chat, sealed), text);
  assert.notEqual(await sealText(keys.chat, text), sealed);
  assert.equal(await openText((await roomKeys(newKey())).chat, sealed), null);
  assert.equal(await openText(keys.chat, "written in clear"), null);
  assert.ok((await sealText(keys.chat, "x".repeat(2000))).length <= 8000);
  assert.ok((await sealText(keys.chat, "漢".repeat(1980))).length <= 8000);
});
