// @ts-check
/** Shows what is being typed where it will stand: `data-preview-of` names the field; copy buttons beside follow. */

for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-preview-of]"))) {
  const field = /** @type {HTMLInputElement | null} */ (document.getElementById(place.dataset.previewOf ?? ""));
  const empty = place.textContent ?? "";
  const code = place.closest("code");
  const button = /** @type {HTMLElement | null | undefined} */ (place.closest("tr")?.querySelector("[data-copy]"));
  field?.addEventListener("input", () => {
    place.textContent = field.value.trim().toLowerCase() || empty;
    if (code && button) button.dataset.copy = code.textContent ?? "";
  });
}
