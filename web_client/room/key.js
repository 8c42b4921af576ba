/** What is derived from a room's key, and how browsers show that they have it (docs/rooms.md, Encryption). */

import { decode, encode } from "./base64url.js";
import { aesKey, hkdf } from "./hkdf.js";

export const KEY_BYTES = 16;
const NONCE = 12;
const CURVE = { name: "ECDH", namedCurve: "P-256" };
const HMAC = { name: "HMAC", hash: "SHA-256" };
const utf8 = new TextEncoder();

/**
 * @typedef {object} RoomKeys
 * @property {string} check what the box compares
 * @property {Uint8Array} secret
 * @property {CryptoKey} chat
 *
 * @typedef {object} Identity this browser's key pair
 * @property {CryptoKey} private
 * @property {Uint8Array} raw the public half
 * @property {string} public it with its proof, as the box passes it on
 */

/** A new room key, as it stands in a link. */
export const newKey = () => encode(crypto.getRandomValues(new Uint8Array(KEY_BYTES)));

/**
 * @param {string} key as it stands in the link
 * @returns {Promise<RoomKeys>}
 * @throws {Error} if it is no key
 */
export async function roomKeys(key) {
  const bytes = decode(key);
  if (bytes.length !== KEY_BYTES) throw new Error("a room's key has 16 bytes");
  const secret = await hkdf(bytes, "parlor room", 32);
  const check = encode(await hkdf(bytes, "parlor check", 16));
  return { check, secret, chat: await aesKey(secret, "parlor chat") };
}

/** @param {Uint8Array} secret the room's */
const proofKey = (secret) => crypto.subtle.importKey("raw", secret, HMAC, false, ["sign", "verify"]);

/** @param {Uint8Array} secret the room's @returns {Promise<Identity>} */
export async function newIdentity(secret) {
  const pair = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const proof = new Uint8Array(await crypto.subtle.sign("HMAC", await proofKey(secret), raw));
  return { private: pair.privateKey, raw, public: JSON.stringify({ key: encode(raw), proof: encode(proof) }) };
}

/**
 * Another browser's public key.
 *
 * @param {Uint8Array} secret the room's
 * @param {unknown} text its PERSON's `public`
 * @returns {Promise<Uint8Array | null>} null: whoever made it does not have the room's key
 */
export async function proven(secret, text) {
  try {
    const { key, proof } = JSON.parse(String(text));
    const raw = decode(String(key));
    return (await crypto.subtle.verify("HMAC", await proofKey(secret), decode(String(proof)), raw)) ? raw : null;
  } catch {
    return null;
  }
}

/**
 * The key that two browsers share, the same for both.
 *
 * @param {Identity} me
 * @param {Uint8Array} other its public key
 * @param {Uint8Array} secret the room's
 */
export async function pairKey(me, other, secret) {
  const their = await crypto.subtle.importKey("raw", other, CURVE, false, []);
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: their }, me.private, 256);
  return aesKey(shared, "parlor sender key", secret);
}

/**
 * Text or bytes under AES-128-GCM, with a random nonce in front, as base64url.
 *
 * @param {CryptoKey} key
 * @param {Uint8Array} plain
 * @param {Uint8Array} bound what is authenticated with it
 */
export async function seal(key, plain, bound = new Uint8Array()) {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE));
  const body = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bound }, key, plain);
  return encode(new Uint8Array([...iv, ...new Uint8Array(body)]));
}

/**
 * @param {CryptoKey} key
 * @param {string} text
 * @param {Uint8Array} bound
 * @returns {Promise<Uint8Array | null>} null: it was made with another key, or changed on its way
 */
export async function open(key, text, bound = new Uint8Array()) {
  try {
    const bytes = decode(text);
    const how = { name: "AES-GCM", iv: bytes.subarray(0, NONCE), additionalData: bound };
    return new Uint8Array(await crypto.subtle.decrypt(how, key, bytes.subarray(NONCE)));
  } catch {
    return null;
  }
}

/** @param {CryptoKey} key @param {string} text */
export const sealText = (key, text) => seal(key, utf8.encode(text));

/** @param {CryptoKey} key @param {string} text @returns {Promise<string | null>} */
export async function openText(key, text) {
  const bytes = await open(key, text);
  return bytes && new TextDecoder().decode(bytes);
}
