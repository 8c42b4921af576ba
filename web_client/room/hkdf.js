/** HKDF with SHA-256 (RFC 5869). */

const utf8 = new TextEncoder();

/**
 * @param {BufferSource} secret
 * @param {string} info what the result is for
 * @param {number} length of the result in bytes
 * @param {BufferSource} salt
 * @returns {Promise<Uint8Array>}
 */
export async function hkdf(secret, info, length, salt = new Uint8Array()) {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-256", salt, info: utf8.encode(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, length * 8));
}

/**
 * A key for AES-128-GCM that cannot be read out again.
 *
 * @param {BufferSource} secret
 * @param {string} info
 * @param {BufferSource} [salt]
 */
export async function aesKey(secret, info, salt) {
  const bytes = await hkdf(secret, info, 16, salt);
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}
