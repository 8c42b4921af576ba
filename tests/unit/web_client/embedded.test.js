import assert from "node:assert/strict";
import { test } from "node:test";
import { Embedded } from "../../../web_client/room/embedded.js";
import { settled } from "./clock.js";

/** The frame's window, and the page around it. */
function start(actions = {}) {
  const frame = new EventTarget();
  globalThis.window = frame;
  const said = [];
  const around = { postMessage: (message, origin) => said.push([message, origin]) };
  const embedded = new Embedded({ join: () => {}, camera: () => {}, ...actions }, around);
  let given = null;
  void embedded.ready().then((texts) => (given = texts));
  const tell = (source, data, ports) => {
    frame.dispatchEvent(Object.assign(new Event("message"), { source, data, ports, origin: "https://shop.example" }));
    return settled();
  };
  return { embedded, around, said, tell, given: () => given };
}

/** A port that remembers what the frame says. */
function port() {
  const heard = [];
  const one = { heard, postMessage: (message) => heard.push(message) };
  const call = async (message) => {
    one.onmessage({ data: message });
    await settled();
    return heard.at(-1);
  };
  return Object.assign(one, { call });
}

test("the frame says that it is here, and nothing else", () => {
  assert.deepEqual(start().said, [[{ parlor: "ready" }, "*"]]);
});

test("only the page around is listened to, only with a port, and only once", async () => {
  const { around, tell, given } = start();
  const here = { parlor: "here", token: "T", name: "", key: 7 };
  await tell({}, { ...here, token: "another frame's" }, [port()]);
  await tell(around, here, []);
  await tell(around, { ...here, parlor: "other" }, [port()]);
  assert.equal(given(), null);
  const first = port();
  await tell(around, here, [first]);
  assert.deepEqual(given(), { token: "T", origin: "https://shop.example" });
  const second = port();
  await tell(around, here, [second]);
  assert.equal(second.onmessage, undefined);
});

test("a call that does not exist, or fails, is answered so", async () => {
  const { around, tell } = start({ camera: () => Promise.reject(new Error("refused")) });
  const page = port();
  await tell(around, { parlor: "here" }, [page]);
  assert.deepEqual(await page.call({ number: 1, call: "camera", with: [true] }), { number: 1, error: "refused" });
  assert.deepEqual(await page.call({ number: 2, call: "constructor" }), { number: 2, error: "there is no constructor()" });
  assert.deepEqual(await page.call({ number: 3, call: "participants" }), { number: 3, value: [] });
});

test("what happens before the page around is there is told then; an older conference is not heard", async () => {
  const { embedded, around, tell } = start();
  const [old, now] = [new EventTarget(), new EventTarget()];
  const say = (conference, id) =>
    conference.dispatchEvent(Object.assign(new Event("speaking"), { detail: { id, on: true } }));
  embedded.follow(old);
  say(old, "1");
  embedded.follow(now);
  say(old, "2");
  const page = port();
  await tell(around, { parlor: "here" }, [page]);
  say(now, "3");
  assert.deepEqual(page.heard.map(({ event, detail }) => event + detail.id), ["speaking1", "speaking3"]);
});

test("coming back from an interruption is not joining, but the next visit is", async () => {
  const { embedded, around, tell } = start();
  const page = port();
  await tell(around, { parlor: "here" }, [page]);
  const conference = Object.assign(new EventTarget(), { you: { id: "1" } });
  embedded.follow(conference);
  for (const state of ["in", "reconnecting", "in", "over", "in"]) {
    conference.dispatchEvent(Object.assign(new Event("state"), { detail: { state } }));
  }
  assert.equal(page.heard.filter(({ event }) => event === "joined").length, 2);
});
