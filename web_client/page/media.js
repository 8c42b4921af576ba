// My camera and microphone: which are chosen, whether they are on, and what is the matter with them.
import { devices, follow, open } from "./capture.js";
import { keep, recall } from "./memory.js";

/** @typedef {"camera" | "microphone"} Kind */
/** @typedef {"" | "refused" | "none" | "busy" | "unplugged"} Problem */
/** @typedef {{id: string, label: string}} Device */
/** @typedef {{kind: Kind | "speaker", id: string}} Plugged */
/** @typedef {{camera: Device[], microphone: Device[], speaker: Device[]}} Devices */

/**
 * Events: `change` (a track, a problem or the list of devices is another), `unplugged` {kind}, `plugged` {label, plugged}.
 */
export class Media extends EventTarget {
  constructor() {
    super();
    /** @type {Record<Kind, MediaStreamTrack | null>} */
    this.tracks = { camera: null, microphone: null };
    /** @type {Record<Kind, Problem>} */
    this.problems = { camera: "", microphone: "" };
    /** @type {Record<Kind | "speaker", string>} */
    this.chosen = { camera: recall("camera"), microphone: recall("microphone"), speaker: recall("speaker") };
    /** @type {Devices} */
    this.devices = { camera: [], microphone: [], speaker: [] };
    this.muted = false;
    this.following = false;
    /** @type {Record<Kind, number>} counts openings: only the newest one's track is taken */
    this.opening = { camera: 0, microphone: 0 };
  }

  /** Ask for both at the same time: browsers make one question of it. */
  async start() {
    if (!this.following) follow((now) => this.relist(now));
    this.following = true;
    await Promise.all([this.open("microphone"), this.open("camera")]);
    this.relist(await devices(), true);
  }

  /**
   * Open a device; what fails is in `problems`.
   *
   * @param {Kind} kind
   */
  async open(kind) {
    const turn = ++this.opening[kind];
    const { track, problem } = await open(kind, this.chosen[kind]);
    if (turn !== this.opening[kind]) return track?.stop();
    this.take(kind, track);
    this.problems[kind] = problem;
    this.changed();
    if (track) this.relist(await devices(), true); // what is allowed now has a name now
  }

  /** @param {Kind} kind @param {MediaStreamTrack | null} track */
  take(kind, track) {
    this.tracks[kind]?.stop();
    this.tracks[kind] = track;
    if (!track) return;
    if (kind === "microphone") track.enabled = !this.muted;
    track.addEventListener("ended", () => this.lost(kind, track), { once: true });
  }

  /**
   * The device went away by itself.
   *
   * @param {Kind} kind
   * @param {MediaStreamTrack} track
   */
  lost(kind, track) {
    if (this.tracks[kind] !== track) return;
    this.tracks[kind] = null;
    this.problems[kind] = "unplugged";
    this.changed();
    this.dispatchEvent(new CustomEvent("unplugged", { detail: { kind } }));
  }

  /**
   * Stop a device: its light goes out.
   *
   * @param {Kind} kind
   */
  close(kind) {
    this.opening[kind]++;
    this.take(kind, null);
    this.problems[kind] = "";
    this.changed();
  }

  /**
   * Mute without stopping: speaking again takes no time.
   *
   * @param {boolean} on
   */
  mute(on) {
    this.muted = on;
    if (this.tracks.microphone) this.tracks.microphone.enabled = !on;
    this.changed();
  }

  /**
   * Switch on or off; what stands in the way is in `problems`.
   *
   * @param {Kind} kind
   * @param {boolean} on
   */
  async turn(kind, on) {
    if (kind === "microphone") {
      this.mute(!on);
      if (on && !this.tracks.microphone) await this.open("microphone");
    } else if (!on) this.close("camera");
    else if (!this.tracks.camera) await this.open("camera");
  }

  /** Whether I can be heard. */
  get heard() {
    return Boolean(this.tracks.microphone) && !this.muted;
  }

  /**
   * Use another device, now when it is on.
   *
   * @param {Kind | "speaker"} kind
   * @param {string} id
   */
  async choose(kind, id) {
    this.chosen[kind] = id;
    keep(kind, id);
    if (kind !== "speaker" && (this.tracks[kind] || this.problems[kind])) await this.open(kind);
    this.changed();
  }

  /** @param {Devices} now @param {boolean} [first] nothing is new at the first time */
  relist(now, first = false) {
    const before = this.devices;
    this.devices = now;
    this.changed();
    if (first) return;
    for (const [label, plugged] of fresh(before, now)) this.dispatchEvent(new CustomEvent("plugged", { detail: { label, plugged } }));
  }

  /**
   * The id of the device that is on, or was chosen.
   *
   * @param {Kind | "speaker"} kind
   */
  current(kind) {
    const on = kind === "speaker" ? undefined : this.tracks[kind]?.getSettings().deviceId;
    return on ?? this.chosen[kind];
  }

  changed() {
    this.dispatchEvent(new CustomEvent("change"));
  }

  /** All devices off. */
  stop() {
    for (const kind of /** @type {Kind[]} */ (["camera", "microphone"])) {
      this.opening[kind]++;
      this.take(kind, null);
    }
  }
}

/**
 * What was plugged in: a headset is a microphone and a speaker, and is told once.
 *
 * @param {Devices} before
 * @param {Devices} now
 * @returns {Map<string, Plugged[]>} by label
 */
export function fresh(before, now) {
  /** @type {Map<string, Plugged[]>} */
  const found = new Map();
  for (const kind of /** @type {const} */ (["camera", "microphone", "speaker"])) {
    for (const { id, label } of now[kind]) {
      const known = before[kind].some((old) => old.id === id);
      if (label && !known && !found.get(label)?.some((other) => other.kind === kind)) found.set(label, [...(found.get(label) ?? []), { kind, id }]);
    }
  }
  return found;
}
