// Opening what was chosen, and what there is instead when that was unplugged meanwhile.
import { followDevices, listDevices, openCamera, openMicrophone, trouble } from "../room/devices.js";

/** @typedef {import("./media.js").Kind} Kind */
/** @typedef {import("./media.js").Devices} Devices */
/** @typedef {{track: MediaStreamTrack | null, problem: import("./media.js").Problem}} Opened */

const OPEN = { camera: openCamera, microphone: openMicrophone };

/** @param {Kind} kind @param {string} chosen device id, "" for the browser's choice @returns {Promise<Opened>} */
export async function open(kind, chosen) {
  try {
    return { track: await OPEN[kind](chosen || undefined), problem: "" };
  } catch (error) {
    const problem = trouble(error);
    if (problem === "unplugged" && chosen) return open(kind, "");
    return { track: null, problem };
  }
}

/**
 * What there is.
 *
 * @returns {Promise<Devices>}
 */
export async function devices() {
  try {
    return ours(await listDevices());
  } catch {
    return { camera: [], microphone: [], speaker: [] };
  }
}

/** @param {(now: Devices) => void} changed */
export function follow(changed) {
  followDevices((now) => changed(ours(now)));
}

/** @param {import("../room/devices.js").Devices} all @returns {Devices} */
function ours({ cameras, microphones, speakers }) {
  return { camera: cameras, microphone: microphones, speaker: speakers };
}
