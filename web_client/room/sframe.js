/**
 * The encryption of one frame, as docs/rooms.md says: clear bytes, ciphertext and tag, counter (4), key id (1).
 *
 * A sender key is used by all layers of one KIND through one counter, so no nonce comes twice: the SFU gives the layers
 * another SSRC, and a receiver could not know by which one a key was derived.
 */

import { aesKey } from "./hkdf.js";

/** @typedef {"microphone" | "camera" | "screen" | "screen-sound"} Kind */

/** @type {readonly Kind[]} */
export const KINDS = ["microphone", "camera", "screen", "screen-sound"];
export const WINDOW = 1024; // how much older than the newest frame one may be
const TAG = 16;
const TRAILER = 5;
const KEYS_KEPT = 3; // frames under the last keys are still on their way when a new one is used
const COUNTER_END = 2 ** 32;

/** A frame that is dropped. `why`: `short`, `key` (not here yet, or never), `replay`, `tampered`. */
export class Unreadable extends Error {
  /** @param {"short" | "key" | "replay" | "tampered"} why */
  constructor(why) {
    super(why);
    this.why = why;
  }
}

/**
 * How many bytes at the start stay clear. The lowest bit of VP8's first byte is 0 in a key frame (RFC 6386, section
 * 9.1), whose start code and size the SFU looks at; it is authenticated, so both ends read the same.
 *
 * @param {Kind} kind
 * @param {Uint8Array} frame
 * @param {number} body bytes of the frame without tag and trailer
 */
export function clearBytes(kind, frame, body) {
  const picture = kind === "camera" || kind === "screen";
  const clear = !picture ? 1 : (frame[0] ?? 0) & 1 ? 3 : 10;
  return Math.min(clear, body);
}

/** @param {number} counter */
function nonce(counter) {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setUint32(8, counter);
  return bytes;
}

/**
 * Which frame of `key` it is: what AES-GCM takes besides the key.
 *
 * @param {number} counter
 * @param {Uint8Array} clear
 */
const how = (counter, clear) => ({ name: "AES-GCM", iv: nonce(counter), additionalData: clear });

/** Encrypts what one sender sends of one kind, over all its layers and connections. */
export class Sealer {
  /** @type {{ id: number, key: CryptoKey, counter: number } | null} */
  #using = null;

  /** @param {Kind} kind */
  constructor(kind) {
    this.kind = kind;
  }

  /**
   * From now on.
   *
   * @param {number} id 0–255
   * @param {BufferSource} senderKey never one that was used before
   */
  async use(id, senderKey) {
    if (this.#using?.id === id) return; // its counter never starts again
    const key = await aesKey(senderKey, `parlor ${this.kind}`);
    this.#using = { id, key, counter: 0 };
  }

  /**
   * @param {Uint8Array} frame
   * @returns {Promise<Uint8Array>}
   * @throws {Unreadable} `key`: nothing is sent before there is one, or after its last nonce
   */
  async seal(frame) {
    if (frame.length === 0) return frame;
    const using = this.#using;
    if (!using || using.counter >= COUNTER_END) throw new Unreadable("key");
    const counter = using.counter++; // before anything waits: two frames never share it
    const clear = frame.subarray(0, clearBytes(this.kind, frame, frame.length));
    const body = await crypto.subtle.encrypt(how(counter, clear), using.key, frame.subarray(clear.length));
    const sealed = new Uint8Array(clear.length + body.byteLength + TRAILER);
    sealed.set(clear);
    sealed.set(new Uint8Array(body), clear.length);
    const trailer = new DataView(sealed.buffer, sealed.length - TRAILER);
    trailer.setUint32(0, counter);
    trailer.setUint8(4, using.id);
    return sealed;
  }
}

/** The counters of one key that were seen: each is taken once, and none that is much older than the newest. */
class Seen {
  #newest = -1;
  #ring = new Float64Array(WINDOW).fill(-1);

  /** @param {number} counter */
  has(counter) {
    return counter <= this.#newest - WINDOW || this.#ring[counter % WINDOW] === counter;
  }

  /** @param {number} counter */
  add(counter) {
    this.#newest = Math.max(this.#newest, counter);
    this.#ring[counter % WINDOW] = counter;
  }
}

/** Decrypts what one other sender sends of one kind. */
export class Opener {
  /** @type {Map<number, { key: CryptoKey, seen: Seen }>} by key id, oldest first */
  #keys = new Map();
  #newest = -1;

  /** @param {Kind} kind */
  constructor(kind) {
    this.kind = kind;
  }

  /**
   * Ids count up, modulo 256: an older one would open a fresh window for its frames.
   *
   * @param {number} id
   */
  #older(id) {
    return this.#newest >= 0 && (id === this.#newest || ((id - this.#newest) & 255) > 127);
  }

  /** @param {number} id 0–255 @param {BufferSource} senderKey @returns {Promise<boolean>} whether it was a new one */
  async take(id, senderKey) {
    if (this.#older(id)) return false;
    this.#newest = id;
    const key = await aesKey(senderKey, `parlor ${this.kind}`);
    this.#keys.delete(id);
    this.#keys.set(id, { key, seen: new Seen() });
    for (const old of [...this.#keys.keys()].slice(0, -KEYS_KEPT)) this.#keys.delete(old);
    return true;
  }

  /**
   * @param {Uint8Array} sealed
   * @returns {Promise<Uint8Array>}
   * @throws {Unreadable}
   */
  async open(sealed) {
    if (sealed.length === 0) return sealed;
    const body = sealed.length - TAG - TRAILER;
    if (body < 1) throw new Unreadable("short");
    const trailer = new DataView(sealed.buffer, sealed.byteOffset + sealed.length - TRAILER);
    const counter = trailer.getUint32(0);
    const used = this.#keys.get(trailer.getUint8(4));
    if (!used) throw new Unreadable("key");
    const clear = sealed.subarray(0, clearBytes(this.kind, sealed, body));
    const secret = await decrypted(used.key, counter, clear, sealed.subarray(clear.length, sealed.length - TRAILER));
    if (used.seen.has(counter)) throw new Unreadable("replay"); // asked last: its twin may be faster
    used.seen.add(counter);
    const frame = new Uint8Array(body);
    frame.set(clear);
    frame.set(new Uint8Array(secret), clear.length);
    return frame;
  }
}

/** @param {CryptoKey} key @param {number} counter @param {Uint8Array} clear @param {Uint8Array} body */
async function decrypted(key, counter, clear, body) {
  try {
    return await crypto.subtle.decrypt(how(counter, clear), key, body);
  } catch {
    throw new Unreadable("tampered");
  }
}
