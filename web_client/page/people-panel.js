// Who is in the room, and what hosts may do with them.
import { byId, icon, make } from "./elements.js";
import { avatar } from "./tile.js";
import { t } from "./words.js";

/** @typedef {{id: string, name: string, role: string, microphone: boolean, camera: boolean, hand: boolean, muted: boolean}} Person */

export class PeoplePanel {
  /** @param {{mute: (id: string) => void, remove: (id: string, name: string) => void, muteAll: () => void}} acts */
  constructor(acts) {
    this.acts = acts;
    this.body = byId("people-body");
    byId("mute-all").addEventListener("click", acts.muteAll);
    this.shown = "";
  }

  /**
   * @param {Person[]} people I come first
   * @param {boolean} host whether I am one
   * @param {import("./door.js").Visitor[]} visitors @param {import("./door.js").Door} door
   */
  update(people, host, visitors, door) {
    byId("people-title").textContent = t("People ({count})", { count: people.length });
    byId("people-foot").hidden = !host || people.length < 2;
    const shown = JSON.stringify([people.map(({ id, name, role, microphone, muted, camera, hand }) => [id, name, role, microphone, muted, camera, hand]), host, visitors]);
    if (shown === this.shown) return; // a button under somebody's finger stays where it is
    this.shown = shown;
    const focused = document.activeElement?.closest(".person")?.getAttribute("data-person");
    const parts = [];
    if (host && visitors.length) parts.push(make("h3", {}, t("At the door")), this.waiting(visitors, door), make("h3", {}, t("In the room")));
    const raised = people.filter((each) => each.hand);
    const list = make("ul", { class: "people-list" }, ...[...raised, ...people.filter((each) => !each.hand)].map((each) => this.row(each, host, each === people[0])));
    this.body.replaceChildren(...parts, list);
    if (focused) /** @type {HTMLElement | null} */ (this.body.querySelector(`[data-person="${CSS.escape(focused)}"] button`))?.focus();
  }

  /** @param {import("./door.js").Visitor[]} visitors @param {import("./door.js").Door} door */
  waiting(visitors, door) {
    const rows = visitors.map((each) => make("li", { class: "row-person" }, avatar(each.name), make("span", { class: "person-name" }, each.name), ...door.buttons(each)));
    return make("ul", { class: "people-list" }, ...rows);
  }

  /** @param {Person} person @param {boolean} host @param {boolean} mine */
  row(person, host, mine) {
    const heard = person.microphone && !person.muted;
    const name = make("span", { class: "person-name" }, mine ? t("{name} (you)", { name: person.name }) : person.name);
    const role = roleName(person.role);
    if (role) name.append(make("span", { class: "help" }, role));
    const row = make("li", { class: "row-person person", "data-person": mine ? "me" : person.id }, avatar(person.name), name);
    if (person.hand) row.append(sign("hand", t("Hand raised"), "hand"));
    if (!heard) row.append(sign("microphone-off", t("Microphone off"), "off"));
    if (host && !mine) row.append(...this.buttons(person, heard));
    return row;
  }

  /** @param {Person} person @param {boolean} heard @returns {HTMLElement[]} */
  buttons(person, heard) {
    const { id, name } = person;
    const remove = make("button", { type: "button", class: "remove round", title: t("Remove"), "aria-label": t("Remove {name} from the room", { name }), click: () => this.acts.remove(id, name) }, icon("close"));
    if (!heard) return [remove];
    return [make("button", { type: "button", class: "mute round", title: t("Mute"), "aria-label": t("Mute {name}", { name }), click: () => this.acts.mute(id) }, icon("microphone")), remove];
  }
}

/** @param {string} role */
function roleName(role) {
  if (role === "host") return t("Host");
  if (role === "guest") return t("Guest");
  if (role === "viewer") return t("Only watches");
  return "";
}

/** @param {string} name @param {string} words @param {string} kind */
function sign(name, words, kind) {
  return make("span", { class: `person-sign person-sign-${kind}`, role: "img", "aria-label": words, title: words }, icon(name));
}
