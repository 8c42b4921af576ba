/** What is sent of a picture, and how sound is coded: decisions without a connection. */

/** @typedef {import("./sframe.js").Kind} Kind */

export const WIDE = 640; // pixels; a narrower camera is sent in fewer layers
export const NARROW = 320;
const RATES = { h: 900_000, m: 300_000, l: 100_000 }; // bit/s, at most
const SCREEN_RATE = 2_000_000;

/**
 * The three layers of a camera, largest first. All are always offered, because their number cannot change later with
 * another camera; of a narrow one, the large ones are not sent.
 *
 * @param {number} width pixels; 0: not known
 * @returns {RTCRtpEncodingParameters[]}
 */
export function cameraLayers(width) {
  const rids = /** @type {const} */ (["h", "m", "l"]);
  const skipped = !width || width >= WIDE ? 0 : width >= NARROW ? 1 : 2;
  return rids.map((rid, place) => ({
    rid,
    active: place >= skipped,
    maxBitrate: RATES[rid],
    scaleResolutionDownBy: 2 ** Math.max(0, place - skipped),
  }));
}

/** @param {Kind} kind @param {number} width @returns {RTCRtpEncodingParameters[]} */
export function encodings(kind, width) {
  if (kind === "camera") return cameraLayers(width);
  return kind === "screen" ? [{ maxBitrate: SCREEN_RATE }] : [{}];
}

/**
 * What the picture is: words on a screen want sharpness, a face movement.
 *
 * @param {Kind} kind
 */
export function contentHint(kind) {
  return { microphone: "speech", camera: "motion", screen: "detail", "screen-sound": "music" }[kind];
}

/**
 * VP8 first and nothing else but what belongs to it: all browsers have it, and the frames' encryption knows it.
 *
 * @template {{ mimeType: string }} Codec
 * @param {readonly Codec[]} codecs what the browser has
 */
export function onlyVp8(codecs) {
  return codecs.filter(({ mimeType }) => /^video\/(vp8|rtx)$/i.test(mimeType));
}

/**
 * The other side's description, asking for Opus with repair of losses; in an encrypted room also for silence of the
 * same size as speech, since pauses and sizes would tell what is said (RFC 7587: a sender follows the fmtp of the
 * receiver; RFC 6562).
 *
 * @param {string} sdp
 * @param {boolean} encrypted
 */
export function askOpus(sdp, encrypted) {
  const wanted = { useinbandfec: "1", ...(encrypted ? { usedtx: "0", cbr: "1" } : {}) };
  const types = [...sdp.matchAll(/^a=rtpmap:(\d+) opus\//gim)].map(([, type]) => String(type));
  return types.reduce((text, type) => askOf(text, type, wanted), sdp);
}

/** @param {string} sdp @param {string} type the payload's @param {Record<string, string>} wanted */
function askOf(sdp, type, wanted) {
  const pattern = new RegExp(`^a=fmtp:${type} (.*?)(\\r?)$`, "gm");
  const line = (/** @type {string} */ old) => {
    const given = old.split(";").map((part) => part.trim()).filter((part) => part.includes("="));
    const all = { ...Object.fromEntries(given.map((part) => part.split("=", 2))), ...wanted };
    return `a=fmtp:${type} ${Object.entries(all).map((pair) => pair.join("=")).join(";")}`;
  };
  if (pattern.test(sdp)) return sdp.replace(pattern, (_, old, end) => line(old) + end);
  const named = new RegExp(`^(a=rtpmap:${type} .*?)(\\r?)$`, "gim");
  return sdp.replace(named, (_, map, end) => `${map}${end}\n${line("")}${end}`);
}
