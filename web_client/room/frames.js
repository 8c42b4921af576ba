/** Whose frames are opened with which keys: what `sframe-worker.js` keeps, without anything of a browser's. */

import { KINDS, Opener, Sealer, Unreadable } from "./sframe.js";

/** @typedef {import("./sframe.js").Kind} Kind */
/** @typedef {{ person: string, kind: Kind }} Source */

export class Frames {
  /** @type {Map<Kind, Sealer>} */
  #sealers = new Map(KINDS.map((kind) => [kind, new Sealer(kind)]));
  /** @type {Map<string, Map<Kind, Opener>>} by person */
  #openers = new Map();
  /** @type {Map<string, Source>} by the receiving connection's mid */
  #sources = new Map();
  /** @type {Map<string, Record<string, number>>} dropped frames since they were last told, by person and why */
  #dropped = new Map();

  /**
   * My own sender key, from now on.
   *
   * @param {number} id
   * @param {BufferSource} key
   */
  async mine(id, key) {
    await Promise.all([...this.#sealers.values()].map((sealer) => sealer.use(id, key)));
  }

  /**
   * Somebody's sender key.
   *
   * @param {string} person
   * @param {number} id
   * @param {BufferSource} key
   */
  async theirs(person, id, key) {
    const openers = this.#openers.get(person) ?? new Map(KINDS.map((kind) => [kind, new Opener(kind)]));
    this.#openers.set(person, openers);
    await Promise.all([...openers.values()].map((opener) => opener.take(id, key)));
  }

  /** @param {string} person */
  forget(person) {
    this.#openers.delete(person);
    this.#dropped.delete(person);
  }

  /**
   * From now on the stream `mid` is somebody's.
   *
   * @param {string} mid
   * @param {Source | null} source
   */
  from(mid, source) {
    if (source) this.#sources.set(mid, source);
    else this.#sources.delete(mid);
  }

  /**
   * The mids of a person's pictures.
   *
   * @param {string} person
   */
  pictures(person) {
    const shown = [...this.#sources].filter(([, source]) => source.person === person);
    return shown.filter(([, { kind }]) => kind === "camera" || kind === "screen").map(([mid]) => mid);
  }

  /** @param {Kind} kind @param {Uint8Array} frame @returns {Promise<Uint8Array | null>} null: it is not sent */
  async seal(kind, frame) {
    const sealer = this.#sealers.get(kind);
    if (!sealer) return null;
    return sealer.seal(frame).catch((error) => this.#drop("", error));
  }

  /** @param {string} mid @param {Uint8Array} frame @returns {Promise<Uint8Array | null>} null: it is not shown */
  async open(mid, frame) {
    const source = this.#sources.get(mid);
    if (!source) return null;
    const opener = this.#openers.get(source.person)?.get(source.kind);
    if (!opener) return frame.length === 0 ? frame : this.#drop(source.person, new Unreadable("key"));
    return opener.open(frame).catch((error) => this.#drop(source.person, error));
  }

  /** @param {string} person @param {unknown} error @returns {null} */
  #drop(person, error) {
    const why = error instanceof Unreadable ? error.why : "tampered";
    const counts = this.#dropped.get(person) ?? {};
    this.#dropped.set(person, { ...counts, [why]: (counts[why] ?? 0) + 1 });
    return null;
  }

  /** What was dropped since the last call: by person (empty: mine), then by why. */
  told() {
    const dropped = this.#dropped;
    this.#dropped = new Map();
    return dropped;
  }
}
