// Who is logged in on this box, by the portal's cookie.

/** @typedef {{token?: string, name?: string, role?: string, language?: string}} Pass */

/**
 * The pass for a room, or {} for somebody who is not logged in, or when the portal does not answer.
 *
 * @param {string} room
 * @returns {Promise<Pass>}
 */
export async function passFor(room) {
  try {
    const answer = await fetch(`/rooms/pass?room=${encodeURIComponent(room)}`, { credentials: "same-origin", cache: "no-store" });
    return answer.ok ? await answer.json() : {};
  } catch {
    return {};
  }
}

/**
 * The pass in a link that somebody was given: `#t=TOKEN`.
 *
 * @param {string} hash
 * @returns {Pass | null}
 */
export function passIn(hash) {
  const token = new URLSearchParams(hash.replace(/^#/, "")).get("t");
  return token ? { token, ...saidBy(token) } : null;
}

/**
 * The name that a token says; the box alone can tell whether it is true.
 *
 * @param {string} token
 * @returns {{ name?: string }}
 */
function saidBy(token) {
  try {
    const payload = atob(token.split(".")[0].replaceAll("-", "+").replaceAll("_", "/"));
    const { name } = JSON.parse(new TextDecoder().decode(Uint8Array.from(payload, (letter) => letter.charCodeAt(0))));
    return typeof name === "string" ? { name } : {};
  } catch {
    return {};
  }
}

/**
 * Where to log in, and come back to this page.
 *
 * @param {string} path
 */
export function loginLink(path) {
  return `/login?next=${encodeURIComponent(path)}`;
}
