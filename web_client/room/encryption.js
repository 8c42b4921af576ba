/** Who gets which sender key and when (docs/rooms.md, Encryption). One for each conference. */

import { encode } from "./base64url.js";
import { KEY_BYTES, newIdentity, open, openText, pairKey, proven, roomKeys, seal, sealText } from "./key.js";

const USED_AFTER_MS = 1000; // until then everybody has it
const GATHER_MS = 200; // many leave at once when a meeting ends: one new key for all of them
const AGAIN_MS = 2000; // between two questions for the same key

/**
 * @typedef {object} Needs
 * @property {(to: string, data: string) => void} tell
 * @property {(message: object) => void} post to the worker
 * @property {(person: string) => void} stranger
 * @property {import("./clock.js").Clock} clock
 */

export class Encryption {
  /** @type {Map<string, { raw: Uint8Array, pair: CryptoKey }>} who has shown the room's key */
  #known = new Map();
  /** @type {Map<string, number>} when somebody was last asked for a key */
  #asked = new Map();
  /** @type {{ id: number, key: Uint8Array }[]} those in use or about to be, oldest first */
  #mine = [];
  /** @type {unknown} */
  #rotation = null;
  /** @type {Promise<unknown>} */
  #turn = Promise.resolve();

  /** @param {string} key as in the link @param {Needs} needs @throws {Error} if it is no key */
  static async start(key, needs) {
    const keys = await roomKeys(key);
    return new Encryption(keys, await newIdentity(keys.secret), needs);
  }

  /** @param {import("./key.js").RoomKeys} keys @param {import("./key.js").Identity} me @param {Needs} needs */
  constructor(keys, me, needs) {
    this.keys = keys;
    this.me = me;
    this.needs = needs;
    this.#use(this.#make());
  }

  /** What `hello` carries. */
  get hello() {
    return { check: this.keys.check, public: this.me.public };
  }

  /**
   * Each thing after the one before it: a key that was told belongs to somebody who was met.
   *
   * @param {() => unknown} work
   */
  #then(work) {
    this.#turn = this.#turn.then(work).then(() => {}, (error) => console.error(error));
    return this.#turn;
  }

  /**
   * Somebody is here: takes the proof, and tells my key.
   *
   * @param {{ id: string, public: unknown }} person
   */
  meet(person) {
    return this.#then(async () => {
      const raw = await proven(this.keys.secret, person.public);
      if (!raw || encode(raw) === encode(this.me.raw)) return this.needs.stranger(person.id);
      this.#known.set(person.id, { raw, pair: await pairKey(this.me, raw, this.keys.secret) });
      await this.#tell(person.id);
    });
  }

  /**
   * Somebody is gone: what I send from now on is not for them.
   *
   * @param {string} id
   */
  left(id) {
    return this.#then(() => {
      this.needs.post({ do: "forget", person: id });
      if (!this.#known.delete(id) || this.#rotation) return;
      this.#rotation = this.needs.clock.after(GATHER_MS, () => void this.#then(() => this.#rotate()));
    });
  }

  /** All are others than before: after a stay away that was too long. */
  forgetAll() {
    return this.#then(() => {
      for (const id of this.#known.keys()) this.needs.post({ do: "forget", person: id });
      this.#known.clear();
      this.#asked.clear();
    });
  }

  /** What was told while I was away may be lost: tell and ask again. */
  back() {
    return this.#then(async () => {
      for (const id of this.#known.keys()) {
        await this.#tell(id);
        this.#ask(id);
      }
    });
  }

  /**
   * Somebody's frames come under a key that is not here.
   *
   * @param {string} id
   */
  missing(id) {
    return this.#then(() => this.#known.has(id) && this.#ask(id));
  }

  /** @param {string} from @param {string} data as another browser told it */
  told(from, data) {
    return this.#then(async () => {
      const known = this.#known.get(from);
      const said = parsed(data);
      if (!known || !said) return;
      if (said.want === true) return this.#tell(from);
      const key = await open(known.pair, String(said.key), known.raw);
      if (!key || key.length !== KEY_BYTES + 1) return;
      this.needs.post({ do: "theirs", person: from, id: key[0], key: key.subarray(1) });
    });
  }

  /** @param {string} text */
  sealChat(text) {
    return sealText(this.keys.chat, text);
  }

  /** @param {string} text @returns {Promise<string | null>} null: not written by anybody with the key */
  openChat(text) {
    return openText(this.keys.chat, text);
  }

  /** A new sender key; the first has the id 0. */
  #make() {
    const id = ((this.#mine.at(-1)?.id ?? -1) + 1) & 255;
    const made = { id, key: crypto.getRandomValues(new Uint8Array(KEY_BYTES)) };
    this.#mine.push(made);
    return made;
  }

  /** @param {{ id: number, key: Uint8Array }} made */
  #use(made) {
    this.#mine.splice(0, this.#mine.indexOf(made));
    this.needs.post({ do: "mine", ...made });
  }

  async #rotate() {
    this.#rotation = null;
    const made = this.#make();
    for (const id of this.#known.keys()) await this.#tell(id, [made]);
    this.needs.clock.after(USED_AFTER_MS, () => this.#use(made));
  }

  /**
   * The keys in use and about to be, to one other; the id is inside, so that nobody pairs it with another key.
   *
   * @param {string} to
   */
  async #tell(to, keys = this.#mine) {
    const known = this.#known.get(to);
    if (!known) return;
    for (const { id, key } of keys) {
      const sealed = await seal(known.pair, new Uint8Array([id, ...key]), this.me.raw);
      this.needs.tell(to, JSON.stringify({ key: sealed }));
    }
  }

  /** @param {string} id */
  #ask(id) {
    const now = this.needs.clock.now();
    if (now - (this.#asked.get(id) ?? -Infinity) < AGAIN_MS) return;
    this.#asked.set(id, now);
    this.needs.tell(id, JSON.stringify({ want: true }));
  }
}

/** @param {string} data @returns {Record<string, unknown> | null} */
function parsed(data) {
  try {
    const value = JSON.parse(data);
    return value && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
