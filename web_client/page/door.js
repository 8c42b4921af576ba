// Who waits at the door, for hosts.
import { byId, make } from "./elements.js";
import { t } from "./words.js";

const NAMED = 3; // more are only counted

/** @typedef {{id: string, name: string}} Visitor */

export class Door {
  /** @param {(id: string) => void} admit an id or "all" @param {(id: string) => void} reject */
  constructor(admit, reject) {
    this.place = byId("door");
    this.admit = admit;
    this.reject = reject;
    this.shown = "";
  }

  /** @param {Visitor[]} visitors @returns {boolean} whether somebody new is there */
  update(visitors) {
    const ids = JSON.stringify(visitors);
    if (ids === this.shown) return false;
    const before = /** @type {Visitor[]} */ (JSON.parse(this.shown || "[]")).map((each) => each.id);
    this.shown = ids;
    this.place.hidden = !visitors.length;
    this.place.replaceChildren(...visitors.slice(0, NAMED).map((each) => this.row(each, visitors.length === 1)));
    if (visitors.length > 1) this.place.append(this.all(visitors.length));
    return visitors.some((each) => !before.includes(each.id));
  }

  /** @param {Visitor} visitor @param {boolean} alone */
  row(visitor, alone) {
    return make(
      "div",
      { class: "visitor" },
      make("span", { class: "visitor-name" }, t("{name} is at the door", { name: visitor.name })),
      ...this.buttons(visitor, alone),
    );
  }

  /** @param {Visitor} visitor @param {boolean} [all] whether to let this one in is to let all in @returns {HTMLElement[]} */
  buttons(visitor, all = false) {
    const { id, name } = visitor;
    return [
      make("button", { type: "button", id: all && "admit-all", class: "admit primary small", "data-person": id, "aria-label": t("Let {name} in", { name }), click: () => this.admit(id) }, t("Let in")),
      make("button", { type: "button", class: "reject small", "data-person": id, "aria-label": t("Turn {name} away", { name }), click: () => this.reject(id) }, t("Turn away")),
    ];
  }

  /** @param {number} count */
  all(count) {
    const more = count > NAMED ? t("and {count} more", { count: count - NAMED }) : "";
    return make(
      "div",
      { class: "visitor" },
      make("span", { class: "visitor-name help" }, more),
      make("button", { type: "button", id: "admit-all", class: "small", click: () => this.admit("all") }, t("Let all {count} in", { count })),
    );
  }
}
