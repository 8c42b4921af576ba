/** The connection on which this browser sends: each change is a `publish` with an offer, one after the other. */

import { Connection } from "./connection.js";
import { askOpus, contentHint, encodings, onlyVp8 } from "./layers.js";

const ANSWER_MS = 15_000;

/** @typedef {import("./sframe.js").Kind} Kind */

export class Sending {
  /** @type {Connection | null} */
  #connection = null;
  /** @type {Map<Kind, MediaStreamTrack>} what is to be sent */
  #tracks = new Map();
  /** @type {Map<Kind, RTCRtpTransceiver>} */
  #lines = new Map();
  /** @type {Promise<void>} */
  #turn = Promise.resolve();
  /** @type {Promise<void> | null} an offer that waits for its turn, and covers all changes up to then */
  #next = null;
  /** @type {{ resolve: (answer: RTCSessionDescriptionInit) => void, reject: (error: Error) => void } | null} */
  #asked = null;
  #open = false;

  /**
   * @param {import("./connection.js").Around} around
   * @param {boolean} encrypted
   */
  constructor(around, encrypted) {
    this.around = around;
    this.encrypted = encrypted;
  }

  get peer() {
    return this.#connection?.peer ?? null;
  }

  /**
   * What is sent of a kind.
   *
   * @param {Kind} kind
   */
  track(kind) {
    return this.#tracks.get(kind) ?? null;
  }

  /**
   * The box is reached: publish what there is. Nothing of an offer that was on its way is awaited any longer.
   *
   * @param {boolean} fresh with a new connection; else ICE restarts on the one there is
   */
  start(fresh) {
    this.stop();
    if (fresh) this.#forget();
    this.#open = true;
    this.#connection?.serve(this.around.ice);
    if (this.#connection) return this.restart();
    return this.#tracks.size > 0 ? this.#renew() : Promise.resolve();
  }

  /** The box is not reached: changes wait for `start`. */
  stop() {
    this.#open = false;
    this.#asked?.reject(new Away());
  }

  /** ICE starts again. */
  restart() {
    if (!this.#open || !this.#connection) return Promise.resolve();
    this.#connection.peer.restartIce();
    return this.#renew();
  }

  /** The SFU or everything is gone. */
  close() {
    this.stop();
    this.#forget();
  }

  /**
   * Sends this from now on. Another device of the same kind takes the old one's place without an offer.
   *
   * @param {Kind} kind
   * @param {MediaStreamTrack | null} track
   */
  async set(kind, track) {
    const before = this.#tracks.get(kind);
    if (track) this.#tracks.set(kind, track);
    else this.#tracks.delete(kind);
    if (track && "contentHint" in track && !track.contentHint) track.contentHint = contentHint(kind);
    if (!this.#open || (!track && !before)) return;
    const line = this.#lines.get(kind);
    try {
      if (track && before && line?.currentDirection === "sendonly") await this.#fill(kind, line, track);
      else await this.#renew();
    } catch (error) {
      if (this.#tracks.get(kind) === track) this.#tracks.delete(kind); // or the next offer fails by it again
      throw error;
    }
  }

  /**
   * The box's answer.
   *
   * @param {RTCSessionDescriptionInit} jsep
   */
  published(jsep) {
    this.#asked?.resolve(jsep);
  }

  /**
   * The box could not.
   *
   * @param {string} message
   */
  refused(message) {
    this.#asked?.reject(new Error(message));
  }

  /** @param {import("./connection.js").Candidate | null} candidate */
  candidate(candidate) {
    this.#connection?.candidate(candidate);
  }

  #forget() {
    this.#connection?.close();
    this.#connection = null;
    this.#lines.clear();
  }

  /** An offer as soon as the one before is answered; many changes at once make one. */
  #renew() {
    this.#next ??= this.#turn.then(() => {
      this.#next = null;
      return this.#offer();
    });
    const renewed = this.#next;
    this.#turn = renewed.catch(() => {}); // whoever made the change is told; the next one goes on
    return renewed;
  }

  async #offer() {
    if (!this.#open) return;
    this.#connection ??= new Connection("send", this.around, () => void this.restart().catch(() => {}));
    const connection = this.#connection;
    const { peer } = connection;
    await this.#arrange(peer);
    connection.await();
    await peer.setLocalDescription(await peer.createOffer());
    if (connection !== this.#connection || !this.#open) return;
    try {
      const jsep = await this.#ask(peer);
      if (connection !== this.#connection) return;
      await peer.setRemoteDescription({ type: "answer", sdp: askOpus(String(jsep.sdp), this.encrypted) });
      connection.settle();
    } catch (error) {
      if (error instanceof Away) return; // `start` offers again
      if (peer.signalingState === "have-local-offer") await peer.setLocalDescription({ type: "rollback" });
      if (peer.remoteDescription) connection.settle();
      throw error;
    }
  }

  /** @param {RTCPeerConnection} peer @returns {Promise<RTCSessionDescriptionInit>} */
  async #ask(peer) {
    const { clock, send } = this.around;
    /** @type {Promise<RTCSessionDescriptionInit>} */
    const answer = new Promise((resolve, reject) => (this.#asked = { resolve, reject }));
    const timer = clock.after(ANSWER_MS, () => {
      this.refused("The box did not answer.");
      this.around.silent();
    });
    const sent = [...this.#lines].filter(([, line]) => line.direction === "sendonly");
    const tracks = Object.fromEntries(sent.map(([kind, line]) => [String(line.mid), kind]));
    send({ do: "publish", jsep: { type: "offer", sdp: peer.localDescription?.sdp }, tracks });
    try {
      return await answer;
    } finally {
      clock.cancel(timer);
      this.#asked = null;
    }
  }

  /**
   * Gives every track its line, and silences the lines whose track is gone.
   *
   * @param {RTCPeerConnection} peer
   */
  async #arrange(peer) {
    for (const [kind, line] of this.#lines) {
      if (this.#tracks.has(kind)) continue;
      line.direction = "inactive";
      await line.sender.replaceTrack(null);
    }
    for (const [kind, track] of this.#tracks) {
      const line = this.#lines.get(kind) ?? this.#add(peer, kind, track);
      line.direction = "sendonly";
      await this.#fill(kind, line, track);
    }
  }

  /** @param {RTCPeerConnection} peer @param {Kind} kind @param {MediaStreamTrack} track */
  #add(peer, kind, track) {
    const line = peer.addTransceiver(track, { direction: "sendonly", sendEncodings: encodings(kind, width(track)) });
    this.around.transform?.sending(line.sender, kind);
    this.#lines.set(kind, line);
    const codecs = track.kind === "video" && globalThis.RTCRtpSender?.getCapabilities?.("video")?.codecs;
    if (codecs) line.setCodecPreferences?.(onlyVp8(codecs));
    return line;
  }

  /** @param {Kind} kind @param {RTCRtpTransceiver} line @param {MediaStreamTrack} track */
  async #fill(kind, line, track) {
    if (line.sender.track === track) return;
    await line.sender.replaceTrack(track);
    if (kind !== "camera") return;
    const parameters = line.sender.getParameters();
    const wanted = encodings(kind, width(track));
    if (parameters.encodings.length !== wanted.length) return;
    parameters.encodings.forEach((encoding, place) => Object.assign(encoding, { ...wanted[place], rid: encoding.rid }));
    await line.sender.setParameters(parameters);
  }
}

/** The box is not reached any longer. */
class Away extends Error {}

/** @param {MediaStreamTrack} track */
const width = (track) => track.getSettings?.().width ?? 0;
