// Short news that go by themselves; a screen reader speaks them.
import { byId, make } from "./elements.js";

const SHOWN_MS = 6000;
const WITH_BUTTON_MS = 20000;

/**
 * @param {string} text
 * @param {{label: string, act: () => void}} [button] offers to do something about it
 */
export function toast(text, button) {
  const place = byId("toasts");
  for (const old of place.children) if (old.firstChild?.textContent === text) old.remove();
  while (place.children.length > 2) place.firstElementChild?.remove();
  const shown = make("div", { class: "toast" }, make("span", {}, text));
  if (button) {
    const act = () => {
      shown.remove();
      button.act();
    };
    shown.append(make("button", { type: "button", class: "small", click: act }, button.label));
  }
  place.append(shown);
  setTimeout(() => shown.remove(), button ? WITH_BUTTON_MS : SHOWN_MS);
}
