// @ts-check
/**
 * Keeps a part of a page fresh: fetches `data-poll` every `data-poll-s` seconds and puts the answer, which the server
 * rendered, in place of the old. The header X-Parlor-Go means: nothing more to watch, open that path. What `data-say`
 * marks is read aloud when it changes. The `<template data-poll-trouble>` is shown while the box does not answer.
 */

const PATIENCE = 3; // failures in a row before a person is told

/** @param {HTMLElement} region */
function watch(region) {
  const url = region.dataset.poll ?? "";
  const pause = Number(region.dataset.pollS ?? "5") * 1000;
  const said = /** @type {HTMLElement | null} */ (document.querySelector("[data-poll-say]"));
  let failures = 0;

  const later = () => setTimeout(turn, Math.min(pause * Math.max(1, failures), 10_000));

  async function turn() {
    if (document.hidden) {
      document.addEventListener("visibilitychange", turn, { once: true });
      return;
    }
    try {
      const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(8000) });
      const next = answer.headers.get("X-Parlor-Go");
      if (next) return location.assign(next);
      if (answer.redirected) return location.reload(); // logged out in the meantime
      if (!answer.ok) throw new Error(String(answer.status));
      failures = 0;
      show(await answer.text());
    } catch {
      failures += 1;
      if (failures === PATIENCE) trouble();
    }
    if (!region.querySelector("[data-poll-stop]")) later();
  }

  /** @param {string} html */
  function show(html) {
    if (region.dataset.shown === html) return;
    region.dataset.shown = html;
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const words = fresh.querySelector("[data-say]")?.textContent?.trim() ?? "";
    region.replaceChildren(...fresh.body.childNodes);
    if (said && said.textContent !== words) said.textContent = words;
  }

  function trouble() {
    const note = /** @type {HTMLTemplateElement | null} */ (document.querySelector("template[data-poll-trouble]"));
    region.dataset.shown = "";
    if (note) region.prepend(note.content.cloneNode(true));
  }

  if (!region.querySelector("[data-poll-stop]")) later();
}

for (const region of document.querySelectorAll("[data-poll]")) {
  if (region instanceof HTMLElement) watch(region);
}
