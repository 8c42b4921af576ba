// @ts-check
/** Passwords: a button that shows what was typed, and a hint on how easy it is to guess. */

/** @param {string} id @returns {HTMLInputElement | null} */
const input = (id) => /** @type {HTMLInputElement | null} */ (document.getElementById(id));

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("button[data-shows]"))) {
  const field = input(button.dataset.shows ?? "");
  const show = button.textContent;
  if (!field) continue;
  const set = (/** @type {boolean} */ visible) => {
    field.type = visible ? "text" : "password";
    button.textContent = visible ? button.dataset.hide ?? "" : show;
    button.setAttribute("aria-pressed", String(visible));
  };
  button.hidden = false;
  button.addEventListener("click", () => set(field.type === "password"));
  field.form?.addEventListener("submit", () => set(false)); // so that no browser keeps it as a typed text
}

/**
 * Length counts most; more kinds of characters make up for some of it.
 * @param {string} typed
 * @returns {"short" | "weak" | "fair" | "strong"}
 */
function strength(typed) {
  const length = [...typed].length;
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{Nd}/u, /[^\p{L}\p{Nd}]/u].filter((kind) => kind.test(typed)).length;
  const different = new Set(typed).size;
  const score = Math.min(length, different * 2) + (kinds - 1) * 2;
  if (length < 8) return "short";
  if (score < 12) return "weak";
  return score < 18 ? "fair" : "strong";
}

for (const hint of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-strength-of]"))) {
  const field = input(hint.dataset.strengthOf ?? "");
  field?.addEventListener("input", () => {
    const found = strength(field.value);
    const words = hint.dataset[found] ?? "";
    hint.hidden = field.value === "";
    hint.className = `strength strength-${found}`;
    if (hint.textContent !== words) hint.textContent = words; // said once, not at every key
  });
}
