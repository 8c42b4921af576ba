// @ts-check
/** Buttons that print the page; without scripts they stay hidden, and the browser's own menu prints. */

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("button[data-print]"))) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
