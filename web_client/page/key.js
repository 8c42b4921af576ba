// The key of an encrypted room: it lives in the fragment of the link, which no browser sends to any server.
import { keep, keepForTab, recall } from "./memory.js";

const SHAPE = /^[A-Za-z0-9_-]{22}$/;

/**
 * The key in a fragment such as `#k=…`, or "".
 *
 * @param {string} hash
 */
export function keyIn(hash) {
  const found = new URLSearchParams(hash.replace(/^#/, "")).get("k") ?? "";
  return SHAPE.test(found) ? found : "";
}

/**
 * A link with this key, or without any.
 *
 * @param {string} href
 * @param {string} key
 */
export function withKey(href, key) {
  return href.replace(/#.*$/, "") + (key ? `#k=${key}` : "");
}

/**
 * The key for this room: from the link, or kept from an earlier visit.
 *
 * @param {string} room
 */
export function knownKey(room) {
  const kept = recall(`key.${room}`);
  return keyIn(location.hash) || (SHAPE.test(kept) ? kept : "");
}

/**
 * The key is right: show it in the address, so that a copied address is whole; a host's browser keeps it.
 *
 * @param {string} room
 * @param {string} key
 * @param {boolean} host
 */
export function settle(room, key, host) {
  showKey(key);
  if (host) keep(`key.${room}`, key);
}

/** @param {string} key */
export function showKey(key) {
  history.replaceState(history.state, "", withKey(location.href, key));
}

/**
 * A login leads away from the link: this tab keeps its key meanwhile.
 *
 * @param {string} room
 */
export function keepOverLogin(room) {
  const key = keyIn(location.hash);
  if (key) keepForTab(`key.${room}`, key);
}
