/** Cameras and microphones: which there are, opening them, and what went wrong in one word. */

/** @typedef {"refused" | "none" | "busy" | "unplugged"} Trouble */
/** @typedef {{ id: string, label: string }} Device */
/**
 * @typedef {{ microphones: Device[], cameras: Device[], speakers: Device[] }} Devices labels are empty before anything
 *   was allowed
 */

/** A device that could not be opened. */
export class DeviceTrouble extends Error {
  /** @param {Trouble} why @param {unknown} cause */
  constructor(why, cause) {
    super(why, { cause });
    this.why = why;
  }
}

/** @type {Record<string, Trouble>} by the names in https://www.w3.org/TR/mediacapture-streams/ */
const TROUBLES = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "none",
  OverconstrainedError: "unplugged", // only an id is asked for exactly
  NotReadableError: "busy",
  AbortError: "busy",
};

/**
 * What went wrong, in one word.
 *
 * @param {unknown} error
 * @returns {Trouble}
 */
export function trouble(error) {
  if (error instanceof DeviceTrouble) return error.why;
  return TROUBLES[/** @type {any} */ (error)?.name] ?? "none"; // no mediaDevices at all, too
}

/** @returns {Promise<Devices>} */
export async function listDevices() {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  /** @param {MediaDeviceKind} kind */
  const of = (kind) =>
    all
      .filter((device) => device.kind === kind && device.deviceId)
      .map(({ deviceId, label }) => ({ id: deviceId, label }));
  return { microphones: of("audioinput"), cameras: of("videoinput"), speakers: of("audiooutput") };
}

/**
 * Calls back with the list at each change.
 *
 * @param {(devices: Devices) => void} changed
 * @returns {() => void} stops that
 */
export function followDevices(changed) {
  const tell = async () => changed(await listDevices());
  navigator.mediaDevices?.addEventListener("devicechange", tell);
  return () => navigator.mediaDevices?.removeEventListener("devicechange", tell);
}

/**
 * @param {string} [id] of the device; without it the browser's choice
 * @returns {Promise<MediaStreamTrack>}
 * @throws {DeviceTrouble}
 */
export function openMicrophone(id) {
  const clean = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  return opened({ audio: { ...clean, ...chosen(id) } });
}

/** @param {string} [id] of the device @returns {Promise<MediaStreamTrack>} @throws {DeviceTrouble} */
export function openCamera(id) {
  const size = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
  return opened({ video: { ...size, ...chosen(id) } });
}

/**
 * A screen or window, with its sound where the browser offers that.
 *
 * @returns {Promise<{ track: MediaStreamTrack, sound: MediaStreamTrack | null }>}
 * @throws {DeviceTrouble}
 */
export async function openScreen() {
  try {
    const video = { frameRate: { ideal: 15, max: 30 } };
    const stream = await navigator.mediaDevices.getDisplayMedia({ video, audio: true });
    const [track] = stream.getVideoTracks();
    return { track: /** @type {MediaStreamTrack} */ (track), sound: stream.getAudioTracks()[0] ?? null };
  } catch (error) {
    throw new DeviceTrouble(trouble(error), error);
  }
}

/**
 * Calls back once when the device is pulled out (not when the page stops it).
 *
 * @param {MediaStreamTrack} track
 * @param {() => void} gone
 */
export function whenUnplugged(track, gone) {
  track.addEventListener("ended", gone, { once: true });
}

/** @param {string | undefined} id @returns {MediaTrackConstraints} */
const chosen = (id) => (id ? { deviceId: { exact: id } } : {});

/** @param {MediaStreamConstraints} what @returns {Promise<MediaStreamTrack>} */
async function opened(what) {
  try {
    const stream = await navigator.mediaDevices.getUserMedia(what);
    return /** @type {MediaStreamTrack} */ (stream.getTracks()[0]);
  } catch (error) {
    throw new DeviceTrouble(trouble(error), error);
  }
}
