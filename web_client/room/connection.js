/** One RTCPeerConnection with what both directions need: candidates that come early, and an eye on ICE. */

const DISCONNECTED_MS = 3000;

/**
 * @typedef {RTCIceCandidateInit & { completed?: boolean }} Candidate Janus ends with `completed`, and may leave out
 *   sdpMid
 */

/**
 * @typedef {object} Around what a connection is given
 * @property {RTCIceServer[]} ice
 * @property {(message: Record<string, any>) => void} send to the box
 * @property {() => void} silent the box does not answer, though the socket seems open
 * @property {import("./clock.js").Clock} clock
 * @property {import("./transform.js").Transform | null} transform in an encrypted room
 * @property {(configuration: RTCConfiguration) => RTCPeerConnection} [make]
 */

export class Connection {
  /** @type {Candidate[] | null} those for a description that is not here yet; null: nothing is awaited */
  #early = [];
  /** @type {unknown} */
  #timer = null;

  /**
   * @param {"send" | "receive"} side
   * @param {Around} around
   * @param {() => void} broken ICE has to start again
   */
  constructor(side, around, broken) {
    const make = around.make ?? ((configuration) => new RTCPeerConnection(configuration));
    this.around = around;
    this.broken = broken;
    this.peer = make(configuration(around));
    this.peer.onicecandidate = ({ candidate }) => {
      around.send({ do: "candidate", side, candidate: candidate?.candidate ? candidate.toJSON() : null });
    };
    this.peer.oniceconnectionstatechange = () => this.#watch();
  }

  /** @param {RTCIceServer[]} ice for the next restart: names and passwords for the relay end */
  serve(ice) {
    this.peer.setConfiguration(configuration({ ...this.around, ice }));
  }

  /** Candidates belong to a description that is on its way. */
  await() {
    this.#early ??= [];
  }

  /** That description is set. */
  settle() {
    const early = this.#early ?? [];
    this.#early = null;
    for (const candidate of early) this.candidate(candidate);
  }

  /** @param {Candidate | null} candidate */
  candidate(candidate) {
    if (!candidate?.candidate || candidate.completed) return;
    if (this.#early) this.#early.push(candidate);
    // One of a generation that a restart has ended is refused: the new one has its own.
    else this.peer.addIceCandidate(placed(candidate)).catch(() => {});
  }

  close() {
    this.around.clock.cancel(this.#timer);
    this.peer.onicecandidate = this.peer.oniceconnectionstatechange = this.peer.ontrack = null;
    this.peer.close();
  }

  #watch() {
    const { clock } = this.around;
    clock.cancel(this.#timer);
    const state = this.peer.iceConnectionState;
    if (state === "failed") this.broken();
    if (state === "disconnected") this.#timer = clock.after(DISCONNECTED_MS, () => this.broken());
  }
}

/** @param {Around} around @returns {RTCConfiguration} */
function configuration({ ice, transform }) {
  const insertable = transform?.insertable ? { encodedInsertableStreams: true } : {};
  return { iceServers: ice, bundlePolicy: "max-bundle", ...insertable };
}

/** @param {Candidate} candidate @returns {RTCIceCandidateInit} */
function placed({ candidate, sdpMid, sdpMLineIndex, usernameFragment }) {
  const fragment = usernameFragment ? { usernameFragment } : {};
  if (sdpMid) return { candidate, sdpMid, ...fragment };
  return { candidate, sdpMLineIndex: sdpMLineIndex ?? 0, ...fragment };
}
