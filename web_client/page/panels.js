// The two panels beside the pictures: one at a time, and the focus goes where one looks.
import { byId } from "./elements.js";

const NAMES = /** @type {const} */ (["chat", "people"]);

export class Panels {
  /** @param {(open: string) => void} changed told "chat", "people" or "" */
  constructor(changed) {
    this.open = "";
    this.changed = changed;
    for (const name of NAMES) {
      byId(name).addEventListener("click", () => this.toggle(name));
      byId(`${name}-panel`).querySelector(".close")?.addEventListener("click", () => this.close());
    }
  }

  /** @param {string} name */
  toggle(name) {
    if (this.open === name) return this.close();
    this.open = name;
    this.show();
    const first = name === "chat" ? byId("chat-text") : byId(`${name}-panel`).querySelector("button");
    first?.focus();
  }

  close() {
    const was = this.open;
    if (!was) return;
    const inside = byId(`${was}-panel`).contains(document.activeElement);
    this.open = "";
    this.show();
    if (inside) byId(was).focus();
  }

  show() {
    for (const name of NAMES) {
      byId(`${name}-panel`).hidden = this.open !== name;
      byId(name).setAttribute("aria-expanded", String(this.open === name));
    }
    document.body.toggleAttribute("data-panel", Boolean(this.open));
    this.changed(this.open);
  }
}
