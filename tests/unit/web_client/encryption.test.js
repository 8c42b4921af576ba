import assert from "node:assert/strict";
import { test } from "node:test";
import { Encryption } from "../../../web_client/room/encryption.js";
import { Frames } from "../../../web_client/room/frames.js";
import { newKey } from "../../../web_client/room/key.js";
import { FakeClock, settled } from "./clock.js";

const SOUND = Uint8Array.of(0xfc, 1, 2, 3);

/** Browsers in one room, with a box that passes on what they tell. */
class House {
  constructor(key = newKey()) {
    this.key = key;
    this.clock = new FakeClock();
    this.browsers = new Map();
    this.told = [];
    this.lose = false;
  }

  async enter(id, key = this.key) {
    const frames = new Frames();
    const browser = { id, frames, strangers: [], work: Promise.resolve() };
    const post = (message) => (browser.work = browser.work.then(() => put(frames, message)));
    browser.encryption = await Encryption.start(key, {
      tell: (to, data) => this.tell(id, to, data),
      post,
      stranger: (person) => browser.strangers.push(person),
      clock: this.clock,
    });
    for (const other of this.browsers.values()) {
      other.encryption.meet({ id, public: browser.encryption.me.public });
      browser.encryption.meet({ id: other.id, public: other.encryption.me.public });
    }
    this.browsers.set(id, browser);
    await settled();
    return browser;
  }

  tell(from, to, data) {
    this.told.push({ from, to, data });
    if (!this.lose) this.browsers.get(to)?.encryption.told(from, data);
  }

  async leave(id) {
    this.browsers.delete(id);
    for (const other of this.browsers.values()) other.encryption.left(id);
    await settled();
  }

  async pass(ms) {
    this.clock.pass(ms);
    await settled();
  }
}

function put(frames, message) {
  if (message.do === "mine") return frames.mine(message.id, message.key);
  if (message.do === "theirs") return frames.theirs(message.person, message.id, message.key);
  return frames.forget(message.person);
}

/** What `to` hears of what `from` says. */
async function heard(from, to) {
  await to.frames.from("0", { person: from.id, kind: "microphone" });
  return to.frames.open("0", await from.frames.seal("microphone", SOUND));
}

test("all who have the key hear each other, also those who come later", async () => {
  const house = new House();
  const [ann, bob, cid] = [await house.enter("1"), await house.enter("2"), await house.enter("3")];
  for (const [from, to] of [[ann, bob], [bob, ann], [ann, cid], [cid, ann], [cid, bob]]) {
    assert.deepEqual(await heard(from, to), SOUND);
  }
  assert.deepEqual(ann.strangers, []);
});

test("nobody takes a key from somebody without the room's key, or gives them one", async () => {
  const house = new House();
  const ann = await house.enter("1");
  const eve = await house.enter("9", newKey());
  assert.deepEqual(ann.strangers, ["9"]);
  assert.deepEqual(house.told, []);
  assert.equal(await heard(eve, ann), null);
  assert.equal(await heard(ann, eve), null);
});

test("my own key given back as somebody else's makes a stranger", async () => {
  const house = new House();
  const ann = await house.enter("1");
  await ann.encryption.meet({ id: "2", public: ann.encryption.me.public });
  assert.deepEqual(ann.strangers, ["2"]);
});

test("whoever left hears nothing from a second later on, and the others all of it", async () => {
  const house = new House();
  const [ann, bob, cid] = [await house.enter("1"), await house.enter("2"), await house.enter("3")];
  await house.leave("3");
  await house.pass(200);
  assert.deepEqual(await heard(ann, bob), SOUND);
  assert.deepEqual(await heard(ann, cid), SOUND); // the new key is told, the old one still used
  assert.equal(await heard(cid, ann), null);
  await house.pass(1000);
  assert.deepEqual(await heard(ann, bob), SOUND);
  assert.equal(await heard(ann, cid), null);
  assert.equal(await heard(bob, cid), null);
});

test("many who leave at once make one new key", async () => {
  const house = new House();
  for (const id of ["1", "2", "3", "4", "5"]) await house.enter(id);
  const before = house.told.length;
  for (const id of ["3", "4", "5"]) await house.leave(id);
  await house.pass(2000);
  const told = house.told.slice(before).filter(({ from }) => from === "1" || from === "2");
  assert.deepEqual(told.map(({ from, to }) => from + to).sort(), ["12", "21"]);
});

test("somebody who comes while a key is about to change can hear before and after", async () => {
  const house = new House();
  const [ann] = [await house.enter("1"), await house.enter("2"), await house.enter("3")];
  await house.leave("3");
  await house.pass(200);
  const dora = await house.enter("4");
  assert.deepEqual(await heard(ann, dora), SOUND);
  await house.pass(1000);
  assert.deepEqual(await heard(ann, dora), SOUND);
});

test("a key that was lost on its way is asked for again, not too often", async () => {
  const house = new House();
  const ann = await house.enter("1");
  house.lose = true;
  const bob = await house.enter("2");
  house.lose = false;
  assert.equal(await heard(ann, bob), null);
  await bob.encryption.missing("1");
  await bob.encryption.missing("1");
  await settled();
  assert.equal(house.told.filter(({ data }) => data.includes("want")).length, 1);
  assert.deepEqual(await heard(ann, bob), SOUND);
});

test("after an interruption keys go both ways again", async () => {
  const house = new House();
  const ann = await house.enter("1");
  house.lose = true;
  const bob = await house.enter("2");
  house.lose = false;
  await bob.encryption.back();
  await settled();
  assert.deepEqual(await heard(ann, bob), SOUND);
  assert.deepEqual(await heard(bob, ann), SOUND);
});

test("nonsense that is told changes nothing", async () => {
  const house = new House();
  const [ann, bob] = [await house.enter("1"), await house.enter("2")];
  for (const data of ["", "null", "7", "{", "{}", '{"key": "AAAA"}', '{"key": 5}']) await bob.encryption.told("1", data);
  await bob.encryption.told("77", '{"want": true}');
  assert.deepEqual(await heard(ann, bob), SOUND);
});
