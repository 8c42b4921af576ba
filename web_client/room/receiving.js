/** The connection on which this browser receives: answers offers in their order, and knows whose each line is. */

import { Connection } from "./connection.js";

const OFFER_MS = 10_000;

/**
 * @typedef {import("./sframe.js").Kind} Kind
 * @typedef {{ person: string, kind: Kind }} Source
 * @typedef {Source & { mid: string }} Line
 * @typedef {{ camera?: number | null, screen?: number | null }} Shown 0 small to 2 large; null: not shown
 */

/** @param {Source | undefined} one @param {Source | undefined} other */
const same = (one, other) => one?.person === other?.person && one?.kind === other?.kind;

/** Events: `track` (detail: `{ person, kind, track }`), `trackended` (`{ person, kind }`). */
export class Receiving extends EventTarget {
  /** @type {Connection | null} */
  #connection = null;
  /** @type {Map<string, Source>} by mid */
  #sources = new Map();
  /** @type {Promise<void>} */
  #turn = Promise.resolve();
  /** @type {ReadonlyMap<string, Shown> | null} */
  #watch = null;
  #watched = "";
  /** @type {unknown} */
  #patience = null;

  /** @param {import("./connection.js").Around} around */
  constructor(around) {
    super();
    this.around = around;
  }

  get peer() {
    return this.#connection?.peer ?? null;
  }

  /** @param {RTCSessionDescriptionInit} jsep @param {Line[]} streams everything that is received */
  offer(jsep, streams) {
    this.around.clock.cancel(this.#patience);
    this.#connection ??= new Connection("receive", this.around, () => this.restart());
    const connection = this.#connection;
    connection.await();
    this.#turn = this.#turn.then(() => this.#answer(connection, jsep, streams)).catch((error) => {
      if (connection !== this.#connection) return; // closed meanwhile
      console.error(error);
      this.restart(); // another offer says everything again
    });
    return this.#turn;
  }

  /** Asks for an offer with which ICE starts again. */
  restart() {
    if (this.#connection) this.#ask();
  }

  #ask() {
    this.around.send({ do: "restart" });
    this.around.clock.cancel(this.#patience);
    this.#patience = this.around.clock.after(OFFER_MS, () => this.around.silent());
  }

  /** The box is reached again, and everything is as before. */
  resume() {
    this.#connection?.serve(this.around.ice);
    this.restart();
    this.#watched = "";
    this.#tellWatch();
  }

  /** The box is not reached: nothing that it was asked for is awaited. */
  stop() {
    this.around.clock.cancel(this.#patience);
  }

  /** The connection has ended in the SFU: asks for another. */
  anew() {
    this.close();
    this.#ask();
  }

  /** @param {import("./connection.js").Candidate | null} candidate */
  candidate(candidate) {
    this.#connection?.candidate(candidate);
  }

  /**
   * The pictures that are shown and how large; the others are paused.
   *
   * @param {ReadonlyMap<string, Shown>} shown by person
   */
  watch(shown) {
    this.#watch = shown;
    this.#tellWatch();
  }

  /** The SFU or everything is gone. */
  close() {
    this.stop();
    this.#connection?.close();
    this.#connection = null;
    this.#watched = "";
    this.#assign(new Map());
  }

  /** @param {Connection} connection @param {RTCSessionDescriptionInit} jsep @param {Line[]} streams */
  async #answer(connection, jsep, streams) {
    if (connection !== this.#connection) return;
    const { peer } = connection;
    const sources = new Map(streams.map(({ mid, person, kind }) => [String(mid), { person, kind }]));
    this.#route(sources);
    const { transform } = this.around;
    peer.ontrack = ({ transceiver }) => transform?.receiving(transceiver.receiver, String(transceiver.mid));
    await peer.setRemoteDescription(jsep);
    connection.settle();
    await peer.setLocalDescription(await peer.createAnswer());
    if (connection !== this.#connection) return;
    this.around.send({ do: "answer", jsep: { type: "answer", sdp: peer.localDescription?.sdp } });
    this.#assign(sources);
    this.#tellWatch();
  }

  /**
   * Before the first frame comes the worker knows whose it is.
   *
   * @param {Map<string, Source>} sources
   */
  #route(sources) {
    for (const mid of new Set([...this.#sources.keys(), ...sources.keys()])) {
      const source = sources.get(mid);
      if (!same(source, this.#sources.get(mid))) this.around.transform?.from(mid, source ?? null);
    }
  }

  /** @param {Map<string, Source>} sources */
  #assign(sources) {
    const before = this.#sources;
    this.#sources = sources;
    for (const [mid, source] of before) {
      if (!same(source, sources.get(mid))) this.dispatchEvent(new CustomEvent("trackended", { detail: source }));
    }
    const lines = this.#connection?.peer.getTransceivers() ?? [];
    for (const [mid, source] of sources) {
      const track = lines.find((line) => line.mid === mid)?.receiver.track;
      if (same(source, before.get(mid)) || !track) continue;
      this.dispatchEvent(new CustomEvent("track", { detail: { ...source, track } }));
    }
  }

  #tellWatch() {
    if (!this.#watch || !this.#connection) return;
    const layers = JSON.stringify(layersFor(this.#watch, this.#sources));
    if (layers === this.#watched) return;
    this.#watched = layers;
    this.around.send({ do: "watch", layers: JSON.parse(layers) });
  }
}

/**
 * Which lines of the connection that is.
 *
 * @param {ReadonlyMap<string, Shown>} shown by person
 * @param {ReadonlyMap<string, Source>} sources by mid
 * @returns {Record<string, number>} by mid
 */
export function layersFor(shown, sources) {
  /** @type {Record<string, number>} */
  const layers = {};
  for (const [mid, { person, kind }] of sources) {
    if (kind !== "camera" && kind !== "screen") continue;
    const layer = shown.get(person)?.[kind];
    if (layer !== null && layer !== undefined) layers[mid] = layer;
  }
  return layers;
}
