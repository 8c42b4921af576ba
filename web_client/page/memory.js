// What this browser keeps between visits. Storage may be forbidden (a private window, a foreign frame): then nothing is kept.
import { encode } from "../room/base64url.js";

/** @param {string} key */
export function recall(key) {
  try {
    return localStorage.getItem(`parlor.${key}`) ?? sessionStorage.getItem(`parlor.${key}`) ?? "";
  } catch {
    return "";
  }
}

/** @param {string} key @param {string} value */
export function keep(key, value) {
  try {
    localStorage.setItem(`parlor.${key}`, value);
  } catch {
    // It is asked again next time.
  }
}

/**
 * Keep it until this tab is closed.
 *
 * @param {string} key
 * @param {string} value
 */
export function keepForTab(key, value) {
  try {
    sessionStorage.setItem(`parlor.${key}`, value);
  } catch {
    // It is asked again.
  }
}

/** The id by which all tabs of this browser are one visitor. */
export function browserId() {
  const known = recall("browser");
  if (/^[\w-]{22}$/.test(known)) return known;
  const fresh = encode(crypto.getRandomValues(new Uint8Array(16)));
  keep("browser", fresh);
  return fresh;
}
