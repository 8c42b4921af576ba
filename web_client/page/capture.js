// Opening cameras and microphones.

/** @typedef {import("./media.js").Kind} Kind */

/** @type {Record<string, import("./media.js").Problem>} */
const PROBLEMS = { NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "none", OverconstrainedError: "none" };

/** @param {string} chosen */
const exact = (chosen) => (chosen ? { deviceId: { ideal: chosen } } : {});

/**
 * @param {Kind[]} kinds @param {Record<Kind | "speaker", string>} chosen
 * @returns {Promise<{tracks: Partial<Record<Kind, MediaStreamTrack>>, problem: import("./media.js").Problem}>}
 */
export async function open(kinds, chosen) {
  if (!navigator.mediaDevices) return { tracks: {}, problem: "none" };
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: kinds.includes("microphone") && { ...exact(chosen.microphone), echoCancellation: true, noiseSuppression: true },
      video: kinds.includes("camera") && { ...exact(chosen.camera), width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { max: 30 } },
    });
    const [camera] = stream.getVideoTracks();
    const [microphone] = stream.getAudioTracks();
    return { tracks: { camera, microphone }, problem: "" };
  } catch (error) {
    return { tracks: {}, problem: PROBLEMS[/** @type {Error} */ (error).name] ?? "busy" };
  }
}

/** @returns {Promise<import("./media.js").Devices>} */
export async function devices() {
  const all = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
  /** @param {string} kind */
  const of = (kind) => all.filter((each) => each.kind === kind).map((each) => ({ id: each.deviceId, label: each.label }));
  return { camera: of("videoinput"), microphone: of("audioinput"), speaker: of("audiooutput") };
}

/** @param {(now: import("./media.js").Devices) => void} changed */
export function follow(changed) {
  navigator.mediaDevices?.addEventListener("devicechange", async () => changed(await devices()));
}
