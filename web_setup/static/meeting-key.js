// @ts-check
/**
 * The key of an encrypted meeting: made here, kept here, and shown in the link's fragment, which no browser sends.
 * The room's page (web_client/page/key.js) keeps it by the same name.
 */

/** @param {string} room */
function keyOf(room) {
  const name = `parlor.key.${room}`;
  const known = localStorage.getItem(name) ?? "";
  if (/^[\w-]{22}$/.test(known)) return known;
  const bytes = String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16)));
  const key = btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  localStorage.setItem(name, key);
  return key;
}

for (const card of document.querySelectorAll("[data-key-of]")) {
  if (!(card instanceof HTMLElement)) continue;
  const key = keyOf(card.dataset.keyOf ?? "");
  for (const link of card.querySelectorAll("a")) {
    link.hash = `k=${key}`;
    if (!("open" in link.dataset)) link.textContent = link.href;
  }
  const copy = card.querySelector("[data-copy]");
  if (copy instanceof HTMLElement) copy.dataset.copy += `#k=${key}`;
}
