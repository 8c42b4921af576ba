// @ts-check
/**
 * Completes the link of an encrypted meeting. Its key is made here, kept by this browser where the room's page looks for
 * it, and stands in the link's fragment, which no browser sends (RFC 3986, section 3.5): the box never has it.
 *
 * Only the page that follows a meeting's making carries `data-make`. A second key would be a wrong one, so every other
 * browser is told to come back with the first.
 */

const SHAPE = /^[A-Za-z0-9_-]{22}$/; // 16 bytes, base64url

/** @param {string} place */
function kept(place) {
  try {
    const key = localStorage.getItem(place) ?? "";
    return SHAPE.test(key) ? key : "";
  } catch {
    return "";
  }
}

/** @param {string} place @param {string} key @returns {boolean} whether this browser keeps it */
function keep(place, key) {
  try {
    localStorage.setItem(place, key);
    return true;
  } catch {
    return false;
  }
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** @param {HTMLElement} card @param {string} key */
function show(card, key) {
  for (const link of card.querySelectorAll("a")) {
    link.hash = `k=${key}`;
    if (!("open" in link.dataset)) link.textContent = link.href;
  }
  const copy = /** @type {HTMLElement | null} */ (card.querySelector("[data-copy]"));
  if (copy) copy.dataset.copy += `#k=${key}`;
  reveal(card, "[data-key-here]", true);
  reveal(card, "[data-key-away]", false);
}

/** @param {HTMLElement} card @param {string} selector @param {boolean} on */
function reveal(card, selector, on) {
  const part = /** @type {HTMLElement | null} */ (card.querySelector(selector));
  if (part) part.hidden = !on;
}

for (const card of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-key-of]"))) {
  const place = `parlor.key.${card.dataset.keyOf}`;
  const known = kept(place);
  const key = known || ("make" in card.dataset ? newKey() : "");
  if (key) show(card, key);
  if (key && !known) reveal(card, "[data-key-unkept]", !keep(place, key));
}
