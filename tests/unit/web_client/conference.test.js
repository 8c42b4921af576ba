import assert from "node:assert/strict";
import { test } from "node:test";
import { Conference } from "../../../web_client/room/conference.js";
import { newKey, roomKeys, sealText } from "../../../web_client/room/key.js";
import { FakeClock, settled } from "./clock.js";
import { FakePeer, FakeStream, track } from "./peer.js";
import { FakeSocket } from "./socket.js";

globalThis.MediaStream = FakeStream;
globalThis.RTCRtpScriptTransform = class {};

const person = (id, more = {}) => ({ id, name: `N${id}`, role: "member", microphone: true, camera: false, screen: false, hand: false, muted: false, public: null, ...more });
const room = { name: "r", title: "R", locked: false, recording: false, may_record: false, encrypted: false, check: null };
const welcome = (people = [], more = {}) => ({ is: "welcome", you: person("1"), room, people, door: [], chat: [], ice: [], resume: "R", resumed: false, ...more });

class Posts {
  insertable = false;
  sent = [];
  post = (message) => void this.sent.push(message);
  from = () => {};
  sending = () => {};
  receiving = () => {};
  close = () => void (this.closed = true);
}

async function start(options = {}) {
  FakePeer.made = [];
  const sockets = [];
  const clock = new FakeClock();
  const transform = new Posts();
  const parts = {
    clock,
    connect: (url) => {
      sockets.push(Object.assign(new FakeSocket(), { url }));
      return sockets.at(-1);
    },
    makePeer: (how) => new FakePeer(how),
    makeTransform: (dropped) => Object.assign(transform, { dropped }),
  };
  const conference = new Conference({ socket: "wss://box/rooms/socket", room: "r", name: "Ann", browser: "b", ...options }, parts);
  const events = [];
  for (const type of ["state", "people", "person", "door", "room", "message", "reaction", "speaking", "track", "trackended", "muted", "media", "sorry", "over", "stranger"]) {
    conference.addEventListener(type, ({ detail }) => events.push([type, detail]));
  }
  const joined = conference.join();
  await settled();
  sockets.at(-1)?.open();
  const of = (type) => events.filter(([name]) => name === type).map(([, detail]) => detail);
  return { conference, clock, joined, of, sockets, transform, box: () => sockets.at(-1), peer: () => FakePeer.made.at(-1) };
}

async function inside(people, more, options) {
  const all = await start(options);
  all.box().say(welcome(people, more));
  await all.joined;
  return all;
}

test("joining ends with the first word of the box", async () => {
  for (const [said, state] of [[welcome(), "in"], [{ is: "waiting", title: "R", for: "host" }, "waiting"], [{ is: "refused", why: "full", message: "Full." }, "over"]]) {
    const { conference, joined, box, of } = await start({ token: "T", language: "de" });
    assert.equal(conference.state, "joining");
    assert.equal(box().url, "wss://box/rooms/socket?language=de");
    assert.deepEqual(box().sent[0], { do: "hello", room: "r", name: "Ann", browser: "b", token: "T" });
    box().say(said);
    await joined;
    assert.equal(conference.state, state);
    if (state === "over") assert.deepEqual(of("over"), [{ why: "full", message: "Full." }]);
    if (state === "waiting") assert.equal(conference.waitingFor, "host");
  }
});

test("people come, change and go, and stay the same objects", async () => {
  const { conference, box, of } = await inside([person("2")]);
  const two = conference.people.get("2");
  box().say({ is: "joined", person: person("3") });
  box().say({ is: "changed", person: person("2", { hand: true }) });
  box().say({ is: "speaking", id: "2", on: true });
  assert.equal(conference.people.get("2"), two);
  assert.equal(two.hand && two.speaking, true);
  box().say({ is: "changed", person: person("1", { muted: true }) });
  assert.equal(conference.you.muted, true);
  assert.equal(conference.people.has("1"), false);
  box().say({ is: "left", id: "2" });
  assert.deepEqual([...conference.people.keys()], ["3"]);
  assert.equal(of("people").length, 3);
});

test("tracks hang on their people, and sound and picture of one share a stream", async () => {
  const { conference, box, of } = await inside([person("2")]);
  box().say({ is: "offer", jsep: { type: "offer", sdp: "one", mids: ["0", "1"] }, streams: [{ mid: "0", person: "2", kind: "camera" }, { mid: "1", person: "2", kind: "screen" }] });
  await settled();
  const { tracks } = conference.people.get("2");
  assert.deepEqual([...tracks.keys()], ["camera", "screen"]);
  assert.equal(new Set(of("track").map(({ stream }) => stream)).size, 2);
  box().say({ is: "offer", jsep: { type: "offer", sdp: "two", mids: ["0"] }, streams: [{ mid: "0", person: "2", kind: "camera" }] });
  await settled();
  assert.deepEqual([...tracks.keys()], ["camera"]);
  assert.deepEqual(of("trackended"), [{ person: "2", kind: "screen" }]);
});

test("what is switched on before the room opens is sent when it does", async () => {
  const { conference, box, joined } = await start();
  await conference.setMicrophone(track("audio"));
  conference.setMuted(true);
  assert.equal(box().did("publish").length, 0);
  box().say(welcome());
  await joined;
  await settled();
  assert.deepEqual(box().did("publish")[0].tracks, { 0: "microphone" });
  assert.deepEqual(box().did("state"), [{ do: "state", microphone: false, camera: false }]);
});

test("a microphone that is muted stays, and so it is with the next one", async () => {
  const { conference, box } = await inside();
  const [first, second] = [track("audio"), track("audio")];
  const sent = conference.setMicrophone(first);
  await settled();
  box().say({ is: "published", jsep: { type: "answer", sdp: "a" } });
  await sent;
  box().say({ is: "muted", by: "Bob" });
  assert.equal(first.enabled, false);
  await conference.setMicrophone(second);
  assert.equal(second.enabled, false);
  conference.setMuted(false);
  assert.equal(second.enabled, true);
  assert.deepEqual(box().did("state").slice(1).map(({ microphone }) => microphone), [true, false, false, true]);
  assert.equal(box().did("publish").length, 1);
});

test("after an interruption both connections restart and nothing else changes", async () => {
  const { conference, box, clock, of } = await inside([person("2"), person("3")]);
  const sent = conference.setMicrophone(track("audio"));
  await settled();
  box().say({ is: "published", jsep: { type: "answer", sdp: "a" } });
  await sent;
  box().say({ is: "offer", jsep: { type: "offer", sdp: "one", mids: ["0"] }, streams: [{ mid: "0", person: "2", kind: "camera" }] });
  await settled();
  box().lose();
  assert.equal(conference.state, "reconnecting");
  conference.chat("written meanwhile");
  clock.pass(500);
  box().open();
  box().say(welcome([person("2")], { resumed: true }));
  await settled();
  assert.equal(conference.state, "in");
  assert.equal(FakePeer.made.length, 2);
  assert.equal(box().did("restart").length, 1);
  assert.equal(box().did("publish").length, 1);
  assert.deepEqual(box().did("chat"), [{ do: "chat", text: "written meanwhile" }]);
  assert.deepEqual([...conference.people.keys()], ["2"]);
  assert.deepEqual(of("trackended"), []);
});

test("after one that was too long everything is made anew", async () => {
  const { conference, box, clock, of } = await inside([person("2")]);
  const sent = conference.setMicrophone(track("audio"));
  await settled();
  box().say({ is: "published", jsep: { type: "answer", sdp: "a" } });
  await sent;
  box().say({ is: "offer", jsep: { type: "offer", sdp: "one", mids: ["0"] }, streams: [{ mid: "0", person: "2", kind: "camera" }] });
  await settled();
  box().lose();
  clock.pass(500);
  box().open();
  box().say(welcome([person("5")], { you: person("4") }));
  await settled();
  assert.equal(conference.you.id, "4");
  assert.equal(of("trackended").length, 1);
  assert.deepEqual(FakePeer.made.map(({ connectionState }) => connectionState), ["closed", "closed", "new"]);
  assert.equal(box().did("state").length, 1);
});

test("the SFU goes and comes back", async () => {
  const { conference, box, of } = await inside();
  const sent = conference.setMicrophone(track("audio"));
  await settled();
  box().say({ is: "published", jsep: { type: "answer", sdp: "a" } });
  await sent;
  box().say({ is: "media", state: "lost" });
  const camera = conference.setCamera(track("video", 1280));
  await camera;
  box().say({ is: "media", state: "back" });
  await settled();
  assert.deepEqual(of("media"), [{ state: "lost" }, { state: "back" }]);
  assert.deepEqual(box().did("publish").at(-1).tracks, { 0: "microphone", 1: "camera" });
  assert.equal(FakePeer.made.length, 2);
});

test("what could not be done is told; a refused camera rejects", async () => {
  const { conference, box, of } = await inside();
  const refused = assert.rejects(conference.setCamera(track("video", 640)), /No\./);
  await settled();
  box().say({ is: "sorry", to: "publish", message: "No." });
  await refused;
  assert.deepEqual(of("sorry"), [{ to: "publish", message: "No." }]);
});

test("hosts' acts go out as the box takes them", async () => {
  const { conference, box } = await inside();
  conference.admit("all");
  conference.reject("7");
  conference.mute("7");
  conference.remove("7");
  conference.lock(true);
  conference.record(false);
  conference.end();
  conference.react("👍");
  assert.deepEqual(box().sent.slice(2), [
    { do: "admit", all: true }, { do: "reject", id: "7" }, { do: "mute", id: "7" }, { do: "remove", id: "7" },
    { do: "lock", on: true }, { do: "record", on: false }, { do: "end" }, { do: "react", emoji: "👍" },
  ]);
});

test("chat is there when the room opens, and what was missed comes later, once", async () => {
  const [one, two] = [{ from: "2", name: "N2", text: "one", at: 1 }, { from: "2", name: "N2", text: "two", at: 2 }];
  const { conference, box, clock, of } = await inside([], { chat: [one] });
  assert.deepEqual(conference.messages, [one]);
  box().lose();
  clock.pass(500);
  box().open();
  box().say(welcome([], { resumed: true, chat: [one, two] }));
  await settled();
  assert.deepEqual(of("message"), [two]);
  assert.deepEqual(conference.messages, [one, two]);
});

test("in an encrypted room the box sees a check, a public key, and no word", async () => {
  const key = newKey();
  const keys = await roomKeys(key);
  const old = { from: "2", name: "N2", text: await sealText(keys.chat, "before"), at: 1 };
  const { conference, box, of, transform } = await inside([], { chat: [old, { ...old, text: "in clear", at: 2 }] }, { key });
  assert.equal(box().sent[0].check, keys.check);
  assert.ok(box().sent[0].public);
  assert.ok(!JSON.stringify(box().sent).includes(key));
  conference.chat("secret");
  await settled();
  assert.ok(!JSON.stringify(box().sent).includes("secret"));
  box().say({ is: "chat", from: "1", name: "Ann", text: box().did("chat")[0].text, at: 3 });
  await settled();
  assert.deepEqual(of("message").map(({ text, unreadable }) => unreadable ?? text), ["before", true, "secret"]);
  assert.equal(transform.sent[0].do, "mine");
});

test("with a key everything is encrypted, whatever the box says the room is", async () => {
  const { conference, box, of } = await inside([person("2")], { room: { ...room, encrypted: false } }, { key: newKey() });
  await settled();
  assert.deepEqual(of("stranger"), [{ person: "2" }]);
  void conference.setCamera(track("video", 1280));
  await settled();
  assert.ok(conference.around.transform);
  assert.equal(box().did("tell").length, 0);
});

test("a key that is none is told before the box is asked", async () => {
  const { conference, of, sockets } = await start({ key: "short" });
  assert.equal(conference.state, "over");
  assert.equal(of("over")[0].why, "wrong-key");
  assert.equal(sockets.length, 0);
});

test("leaving closes everything", async () => {
  const { conference, box, transform, of } = await inside([], {}, { key: newKey() });
  void conference.setMicrophone(track("audio"));
  await settled();
  conference.leave();
  assert.equal(box().did("leave").length, 1);
  assert.equal(conference.state, "over");
  assert.equal(of("over")[0].why, "left");
  assert.equal(FakePeer.made[0].connectionState, "closed");
  assert.ok(transform.closed);
});
