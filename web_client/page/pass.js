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
 * Where to log in, and come back to this page.
 *
 * @param {string} path
 */
export function loginLink(path) {
  return `/login?next=${encodeURIComponent(path)}`;
}
