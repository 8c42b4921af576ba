// @ts-check
/** Copy buttons: `data-copy` holds the text, `data-copied` what the button then says. Without scripts they stay hidden. */

/** @param {HTMLButtonElement} button */
async function copy(button) {
  const label = button.querySelector("span") ?? button;
  const before = label.textContent;
  const text = button.dataset.copy ?? "";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text); // older browsers, or no permission
  }
  label.textContent = button.dataset.copied ?? "";
  setTimeout(() => { label.textContent = before; }, 2000);
}

/** @param {string} text */
function copyBySelection(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  if (button instanceof HTMLButtonElement) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}
