/** How well the call runs, from getStats (https://www.w3.org/TR/webrtc-stats/). */

/**
 * @typedef {object} Direction of one connection; what is not known is null
 * @property {boolean} connected
 * @property {boolean} relay over a TURN server
 * @property {number | null} rtt round trip in ms
 * @property {number | null} loss 0 to 1, since the last call
 * @property {number | null} jitter ms
 * @property {number} bitrate bit/s, since the last call
 * @property {number} width pixels of the largest picture
 * @property {number} height
 * @property {number} fps of it
 * @property {"" | "cpu" | "bandwidth" | "other"} limited why the picture is smaller than it could be
 * @property {number} undecrypted frames, since the last call
 *
 * @typedef {{ at: number, bytes: number, packets: number, lost: number }} Sums
 * @typedef {{ level: 0 | 1 | 2 | 3, why: "" | "network" | "processor" | "relay" | "lost" }} Level
 */

const NOTHING = { at: 0, bytes: 0, packets: 0, lost: 0 };
// What people notice: ITU-T G.114 for the way there and back, and what Opus and VP8 repair without a trace.
const BAD = { loss: 0.1, rtt: 800, jitter: 120 };
const POOR = { loss: 0.03, rtt: 400, jitter: 50 };

/** @param {Iterable<any>} reports @param {string} type */
const ofType = (reports, type) => [...reports].filter((report) => report.type === type);

/** @param {(number | undefined)[]} numbers @returns {number | null} */
function largest(numbers) {
  const known = numbers.filter((one) => one !== undefined);
  return known.length > 0 ? Math.max(.../** @type {number[]} */ (known)) : null;
}

/** @param {number | null} seconds */
const inMs = (seconds) => (seconds === null ? null : Math.round(seconds * 1000));

/** @param {number[]} numbers */
const total = (numbers) => numbers.reduce((sum, one) => sum + (one || 0), 0);

/**
 * The pair of candidates in use.
 *
 * @param {any[]} reports
 */
function pairInUse(reports) {
  const transport = ofType(reports, "transport").find((report) => report.selectedCandidatePairId);
  const pairs = ofType(reports, "candidate-pair");
  if (transport) return pairs.find((pair) => pair.id === transport.selectedCandidatePairId);
  return pairs.find((pair) => pair.nominated && pair.state === "succeeded"); // Firefox has no transport here
}

/**
 * @param {"send" | "receive"} side
 * @param {any[]} reports of getStats
 * @param {Sums} before what the last call summed up
 * @param {number} undecrypted
 * @returns {{ direction: Direction, sums: Sums }}
 */
export function direction(side, reports, before = NOTHING, undecrypted = 0) {
  const sending = side === "send";
  const streams = ofType(reports, sending ? "outbound-rtp" : "inbound-rtp");
  const losses = sending ? ofType(reports, "remote-inbound-rtp") : streams;
  const pair = pairInUse(reports);
  const local = ofType(reports, "local-candidate").find((candidate) => candidate.id === pair?.localCandidateId);
  const sums = {
    at: Math.max(0, ...streams.map((stream) => stream.timestamp ?? 0)),
    bytes: total(streams.map((stream) => (sending ? stream.bytesSent : stream.bytesReceived))),
    packets: total(streams.map((stream) => (sending ? stream.packetsSent : stream.packetsReceived))),
    lost: total(losses.map((stream) => stream.packetsLost)),
  };
  const pictures = streams.filter((stream) => stream.frameWidth);
  const [picture] = pictures.sort((one, other) => other.frameWidth - one.frameWidth);
  const limits = streams.map((stream) => stream.qualityLimitationReason).filter((why) => why && why !== "none");
  return {
    sums,
    direction: {
      connected: Boolean(pair),
      relay: local?.candidateType === "relay",
      rtt: inMs(largest([pair?.currentRoundTripTime])),
      loss: lossBetween(before, sums, sending),
      jitter: inMs(largest(losses.map((stream) => stream.jitter))),
      bitrate: bitrateBetween(before, sums),
      width: picture?.frameWidth ?? 0,
      height: picture?.frameHeight ?? 0,
      fps: picture?.framesPerSecond ?? 0,
      limited: limits.includes("cpu") ? "cpu" : (limits[0] ?? ""),
      undecrypted,
    },
  };
}

/** @param {Sums} before @param {Sums} now */
function bitrateBetween(before, now) {
  const ms = now.at - before.at;
  return before.at && ms > 0 ? Math.max(0, Math.round(((now.bytes - before.bytes) * 8000) / ms)) : 0;
}

/** @param {Sums} before @param {Sums} now @param {boolean} sending then the lost ones are among those sent */
function lossBetween(before, now, sending) {
  const lost = Math.max(0, now.lost - before.lost);
  const all = now.packets - before.packets + (sending ? 0 : lost);
  return all > 0 ? Math.min(1, lost / all) : null;
}

/** @param {Direction} one @param {typeof BAD} limit */
const beyond = (one, limit) =>
  (one.loss ?? 0) > limit.loss || (one.rtt ?? 0) > limit.rtt || (one.jitter ?? 0) > limit.jitter;

/**
 * @param {(Direction | null)[]} directions null: there is no such connection
 * @param {boolean} reached whether the box is
 * @returns {Level}
 */
export function level(directions, reached) {
  const used = directions.filter((one) => one !== null);
  if (!reached || used.some((one) => !one?.connected)) return { level: 0, why: "lost" };
  const all = /** @type {Direction[]} */ (used);
  const network = all.some((one) => one.relay) ? "relay" : "network";
  if (all.some((one) => beyond(one, BAD))) return { level: 1, why: network };
  if (all.some((one) => one.limited === "cpu")) return { level: 2, why: "processor" };
  if (all.some((one) => beyond(one, POOR) || one.limited === "bandwidth")) return { level: 2, why: network };
  return { level: 3, why: "" };
}

/** Remembers what was summed up, so that a call tells of the time since the one before. */
export class Quality {
  /** @type {WeakMap<RTCPeerConnection, Sums>} */
  #sums = new WeakMap();

  /**
   * @param {"send" | "receive"} side
   * @param {RTCPeerConnection | null} peer
   * @param {number} undecrypted
   * @returns {Promise<Direction | null>} null: not there yet
   */
  async of(side, peer, undecrypted = 0) {
    if (!peer || peer.connectionState === "closed") return null;
    /** @type {any[]} */
    const reports = [];
    (await peer.getStats()).forEach((report) => reports.push(report));
    const seen = direction(side, reports, this.#sums.get(peer), undecrypted);
    this.#sums.set(peer, seen.sums);
    const starting = ["new", "checking"].includes(peer.iceConnectionState);
    if (starting && !seen.direction.connected) return null;
    const broken = ["failed", "disconnected", "closed"].includes(peer.iceConnectionState);
    return { ...seen.direction, connected: seen.direction.connected && !broken };
  }
}
