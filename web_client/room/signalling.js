/** The WebSocket to the box, and how it comes back (docs/rooms.md). */

import { realClock } from "./clock.js";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;
const ANSWER_MS = 12_000; // from a new socket to the first word of the box
const RESUME_MS = 90_000; // longer away than this, and it is a new visit
const PATIENCE_MS = 600_000; // nobody who opens a computer the next morning is back in a room by surprise
const FIRST_PATIENCE_MS = 30_000;
const QUEUE = 200;
// What is made anew after a resumption, and would only confuse.
const NOT_KEPT = new Set(["publish", "answer", "candidate", "watch", "restart"]);

/** @typedef {Record<string, any>} Message */

/**
 * Milliseconds before the next try.
 *
 * @param {number} failures
 * @param {number} random 0 to 1
 */
export function pause(failures, random) {
  const step = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
  return FIRST_PAUSE_MS + (step - FIRST_PAUSE_MS) * (0.5 + 0.5 * random);
}

/**
 * Events: `message` (detail: what the box said), `down` (lost; it tries again by itself), `over` (detail:
 * `{ why, message }`).
 * `refused` and `ended` come as `over`; the `why` of a box that cannot be reached is `unreachable`.
 */
export class Signalling extends EventTarget {
  /** @type {"new" | "connecting" | "up" | "down" | "over"} */
  state = "new";
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {unknown} */
  #timer = null;
  #failures = 0;
  #resume = "";
  #wasUp = false;
  #awaySince = 0;
  /** @type {Message[]} */
  #queue = [];

  /**
   * @param {object} options
   * @param {string} options.url
   * @param {() => Message} options.hello without `do` and `resume`
   * @param {(url: string) => WebSocket} [options.connect]
   * @param {import("./clock.js").Clock} [options.clock]
   */
  constructor({ url, hello, connect = (to) => new WebSocket(to), clock = realClock }) {
    super();
    this.url = url;
    this.hello = hello;
    this.connect = connect;
    this.clock = clock;
  }

  open() {
    this.#awaySince = this.clock.now();
    this.#try();
  }

  /**
   * Sends now, or after the resumption if it can wait so long.
   *
   * @param {Message} message
   */
  send(message) {
    if (this.state === "up" && this.#socket?.readyState === 1) return this.#socket.send(JSON.stringify(message));
    const kept = this.state !== "over" && !NOT_KEPT.has(message.do);
    if (kept && this.#queue.length < QUEUE) this.#queue.push(message);
  }

  /** Says goodbye. */
  leave() {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify({ do: "leave" }));
    this.#end("left", "");
  }

  /** The network is another one: a socket of the old one may hang for minutes. */
  renew() {
    if (this.state === "over" || this.state === "new") return;
    this.#failures = 0;
    this.#lost(0);
  }

  #try() {
    const away = this.clock.now() - this.#awaySince;
    if (away > (this.#wasUp ? PATIENCE_MS : FIRST_PATIENCE_MS)) return this.#end("unreachable", "");
    if (away > RESUME_MS) this.#resume = "";
    this.state = "connecting";
    const socket = this.connect(this.url);
    this.#socket = socket;
    socket.onopen = () => {
      const resume = this.#resume ? { resume: this.#resume } : {};
      socket.send(JSON.stringify({ do: "hello", ...this.hello(), ...resume }));
    };
    socket.onmessage = (event) => this.#heard(event.data);
    socket.onclose = () => this.#lost();
    this.#wait(ANSWER_MS, () => this.#lost());
  }

  /** @param {string} data */
  #heard(data) {
    const message = JSON.parse(data);
    if (message.is === "refused" || message.is === "ended") return this.#end(message.why, message.message ?? "");
    if (this.state === "connecting") this.#answered();
    if (message.is === "welcome") this.#welcomed(message);
    this.dispatchEvent(new CustomEvent("message", { detail: message }));
    if (message.is === "welcome") this.#flush();
  }

  #answered() {
    this.#wait(0, null);
    this.state = "up";
    this.#wasUp = true;
    this.#failures = 0;
  }

  /** @param {Message} message */
  #welcomed(message) {
    this.#resume = message.resume ?? "";
    // Those it was told to are others now.
    if (!message.resumed) this.#queue = this.#queue.filter((queued) => queued.do !== "tell");
  }

  #flush() {
    for (const message of this.#queue.splice(0)) this.send(message);
  }

  /** @param {number} [pauseMs] */
  #lost(pauseMs) {
    const wasUp = this.state === "up";
    this.#drop();
    if (wasUp) this.#awaySince = this.clock.now();
    this.state = "down";
    this.#wait(pauseMs ?? pause(this.#failures++, this.clock.random()), () => this.#try());
    this.dispatchEvent(new CustomEvent("down"));
  }

  /** @param {string} why @param {string} message */
  #end(why, message) {
    if (this.state === "over") return;
    this.#drop();
    this.#wait(0, null);
    this.state = "over";
    this.#queue = [];
    this.dispatchEvent(new CustomEvent("over", { detail: { why, message } }));
  }

  /** Lets go of the socket: nothing that it still says counts. */
  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /**
   * One timer at a time.
   *
   * @param {number} ms
   * @param {(() => void) | null} work
   */
  #wait(ms, work) {
    this.clock.cancel(this.#timer);
    this.#timer = work && this.clock.after(ms, work);
  }
}
