/** Who is in the room. */

/** @typedef {import("./sframe.js").Kind} Kind */

/**
 * @typedef {object} Said PERSON of docs/rooms.md
 * @property {string} id
 * @property {string} name
 * @property {"host" | "member" | "guest" | "viewer"} role
 * @property {boolean} microphone
 * @property {boolean} camera
 * @property {boolean} screen
 * @property {boolean} hand
 * @property {boolean} muted by a host
 * @property {string | null} public
 *
 * @typedef {Said & { tracks: Map<Kind, MediaStreamTrack>, speaking: boolean }} Person
 */

/** @param {Said} said @returns {Person} */
export const person = (said) => ({ ...said, tracks: new Map(), speaking: false });

export class People {
  /** @type {Map<string, Person>} all others, by id */
  others = new Map();
  /** @type {Person | null} */
  you = null;
  /** @type {Map<string, MediaStream>} sound and picture of one source play in step */
  #streams = new Map();

  /**
   * All who are here.
   *
   * @param {Said} you
   * @param {Said[]} others
   * @returns {Said[]} those who have gone meanwhile
   */
  welcome(you, others) {
    this.you = Object.assign(this.you ?? person(you), you, { speaking: false });
    const here = new Set(others.map(({ id }) => id));
    const gone = [...this.others.values()].filter(({ id }) => !here.has(id));
    for (const { id } of gone) this.left(id);
    for (const said of others) Object.assign(this.put(said), { speaking: false });
    return gone;
  }

  /**
   * Somebody came or changed; their object stays the same.
   *
   * @param {Said} said
   * @returns {Person}
   */
  put(said) {
    const known = said.id === this.you?.id ? this.you : this.others.get(said.id);
    if (known) return Object.assign(known, said);
    const made = person(said);
    this.others.set(said.id, made);
    return made;
  }

  /** @param {string} id */
  left(id) {
    this.others.delete(id);
    this.#streams.delete(id);
    this.#streams.delete(`${id} screen`);
  }

  /** @param {string} id @returns {Person | undefined} */
  get(id) {
    return id === this.you?.id ? this.you : this.others.get(id);
  }

  /**
   * Something of theirs can be seen or heard.
   *
   * @param {string} id
   * @param {Kind} kind
   * @param {MediaStreamTrack} track
   * @returns {MediaStream}
   */
  track(id, kind, track) {
    this.others.get(id)?.tracks.set(kind, track);
    const name = streamOf(id, kind);
    const stream = this.#streams.get(name) ?? new MediaStream();
    this.#streams.set(name, stream);
    for (const old of stream.getTracks()) if (old.kind === track.kind && old !== track) stream.removeTrack(old);
    stream.addTrack(track);
    return stream;
  }

  /** @param {string} id @param {Kind} kind */
  trackEnded(id, kind) {
    const tracks = this.others.get(id)?.tracks;
    const track = tracks?.get(kind);
    tracks?.delete(kind);
    if (track) this.#streams.get(streamOf(id, kind))?.removeTrack(track);
  }
}

/** @param {string} id @param {Kind} kind */
const streamOf = (id, kind) => (kind === "screen" || kind === "screen-sound" ? `${id} screen` : id);
