import assert from "node:assert/strict";
import { test } from "node:test";
import { Signalling, pause } from "../../../web_client/room/signalling.js";
import { FakeClock } from "./clock.js";
import { FakeSocket } from "./socket.js";

function start() {
  const clock = new FakeClock();
  const sockets = [];
  const connect = () => {
    sockets.push(new FakeSocket());
    return sockets.at(-1);
  };
  const signalling = new Signalling({ url: "wss://box/rooms/socket", hello: () => ({ room: "r" }), connect, clock });
  const over = [];
  const heard = [];
  let downs = 0;
  signalling.addEventListener("over", ({ detail }) => over.push(detail));
  signalling.addEventListener("message", ({ detail }) => heard.push(detail.is));
  signalling.addEventListener("down", () => (downs += 1));
  signalling.open();
  return { clock, sockets, signalling, over, heard, downs: () => downs, last: () => sockets.at(-1) };
}

/** In the room, with a resume token. */
function inside() {
  const all = start();
  all.last().open();
  all.last().say({ is: "welcome", resume: "R1", resumed: false });
  return all;
}

test("hello is the first message", () => {
  const { last } = start();
  assert.deepEqual(last().sent, []);
  last().open();
  assert.deepEqual(last().sent, [{ do: "hello", room: "r" }]);
});

test("a lost socket comes back with the resume token, and says so", () => {
  const { clock, sockets, last, downs, heard, signalling } = inside();
  last().lose();
  assert.equal(downs(), 1);
  clock.pass(499);
  assert.equal(sockets.length, 1);
  clock.pass(1);
  assert.equal(sockets.length, 2);
  last().open();
  assert.deepEqual(last().sent, [{ do: "hello", room: "r", resume: "R1" }]);
  last().say({ is: "welcome", resume: "R2", resumed: true });
  assert.deepEqual(heard, ["welcome", "welcome"]);
  last().lose();
  clock.pass(500); // the pauses begin anew
  last().open();
  assert.equal(last().sent[0].resume, "R2");
  assert.equal(signalling.state, "connecting");
});

test("pauses grow from half a second to five, and differ from browser to browser", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 20].map((failures) => pause(failures, 1)), [500, 1000, 2000, 4000, 5000, 5000]);
  assert.equal(pause(0, 0), 500);
  assert.equal(pause(9, 0), 2750);
});

test("after 90 s it is a new visit", () => {
  const { clock, last } = inside();
  last().lose();
  for (let s = 0; s < 89; s += 1) {
    clock.pass(1000);
    if (last().readyState === 0) last().lose();
  }
  clock.pass(7000); // within five seconds there is a new one, which waits for an answer
  assert.equal(last().readyState, 0);
  last().open();
  assert.deepEqual(last().sent, [{ do: "hello", room: "r" }]);
});

test("a long stay in the room does not count as being away", () => {
  const { clock, last } = inside();
  clock.pass(3_600_000);
  last().lose();
  clock.pass(500);
  last().open();
  assert.equal(last().sent[0].resume, "R1");
});

test("a long wait at the door does not either", () => {
  const { clock, last, over } = start();
  last().open();
  last().say({ is: "waiting", for: "host" });
  clock.pass(600_000);
  last().lose();
  clock.pass(500);
  last().open();
  assert.deepEqual(last().sent, [{ do: "hello", room: "r" }]);
  assert.deepEqual(over, []);
});

test("what the box says is final ends it", () => {
  for (const [said, why] of [[{ is: "refused", why: "full", message: "Full." }, "full"], [{ is: "ended", why: "removed" }, "removed"]]) {
    const { clock, sockets, last, over, signalling, heard } = inside();
    const socket = last();
    socket.say(said);
    assert.equal(over[0].why, why);
    assert.equal(signalling.state, "over");
    assert.ok(socket.closed);
    clock.pass(1_000_000);
    assert.equal(sockets.length, 1);
    assert.deepEqual(heard, ["welcome"]);
  }
});

test("a box that never answered is given up after half a minute, one that did after ten", () => {
  const fresh = start();
  const known = inside();
  known.last().lose();
  for (const { clock, last } of [fresh, known]) {
    for (let s = 0; s < 45; s += 1) {
      clock.pass(1000);
      if (last().readyState === 0) last().lose();
    }
  }
  assert.deepEqual(fresh.over, [{ why: "unreachable", message: "" }]);
  assert.deepEqual(known.over, []);
  known.clock.pass(600_000);
  assert.deepEqual(known.over, [{ why: "unreachable", message: "" }]);
});

test("a socket that hangs is left", () => {
  const { clock, sockets, last } = start();
  last().open(); // and then nothing
  clock.pass(12_000);
  assert.ok(sockets[0].closed);
  clock.pass(500);
  assert.equal(sockets.length, 2);
});

test("what can wait waits for the resumption, in its order", () => {
  const { clock, last, signalling } = inside();
  last().lose();
  signalling.send({ do: "chat", text: "one" });
  signalling.send({ do: "candidate", candidate: null });
  signalling.send({ do: "tell", to: "2", data: "" });
  signalling.send({ do: "state", hand: true });
  clock.pass(500);
  last().open();
  signalling.send({ do: "chat", text: "two" });
  assert.equal(last().sent.length, 1); // hello
  last().say({ is: "welcome", resume: "R2", resumed: true });
  assert.deepEqual(last().sent.slice(1).map((message) => message.text ?? message.do), ["one", "tell", "state", "two"]);
});

test("what was for others who are others now is not sent", () => {
  const { clock, last, signalling } = inside();
  last().lose();
  signalling.send({ do: "tell", to: "2", data: "" });
  signalling.send({ do: "chat", text: "one" });
  clock.pass(500);
  last().open();
  last().say({ is: "welcome", resume: "R2", resumed: false });
  assert.deepEqual(last().sent.slice(1), [{ do: "chat", text: "one" }]);
});

test("another network means another socket at once", () => {
  const { clock, sockets, signalling } = inside();
  signalling.renew();
  clock.pass(0);
  assert.equal(sockets.length, 2);
  assert.ok(sockets[0].closed);
  sockets[0].say?.({ is: "chat" }); // what the old one still says counts for nothing
  assert.equal(signalling.state, "connecting");
});

test("leaving says goodbye, and nothing comes back", () => {
  const { clock, sockets, last, signalling, over } = inside();
  const socket = last();
  signalling.leave();
  assert.deepEqual(socket.did("leave").length, 1);
  assert.equal(over[0].why, "left");
  signalling.renew();
  clock.pass(100_000);
  assert.equal(sockets.length, 1);
});
