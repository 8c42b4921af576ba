// One tile: a person's camera, or the screen that somebody shares.
import { icon, make } from "./elements.js";
import { t } from "./words.js";

const REACTION_MS = 4000;
const COLOURS = 6;

/**
 * @typedef {Object} Shown
 * @property {string} id of the person, "me" for my own
 * @property {string} kind "camera" or "screen"
 * @property {string} name
 * @property {MediaStreamTrack | null} track what is shown, null for none
 * @property {boolean} mirrored
 * @property {boolean} muted
 * @property {boolean} hand
 * @property {boolean} speaking
 * @property {boolean} stranger whose keys do not fit the room's
 */

/**
 * Two letters for somebody without a picture.
 *
 * @param {string} name
 */
export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const picked = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return picked.map((word) => [...word][0]?.toLocaleUpperCase() ?? "").join("") || "?";
}

/**
 * The same colour for the same name, on every screen.
 *
 * @param {string} name
 */
export function colour(name) {
  let sum = 0;
  for (const sign of name) sum = (sum * 31 + (sign.codePointAt(0) ?? 0)) % 65521;
  return sum % COLOURS;
}

/**
 * A round with initials.
 *
 * @param {string} name
 */
export function avatar(name) {
  return make("span", { class: `avatar avatar-${colour(name)}`, "aria-hidden": "true" }, initials(name));
}

export class Tile {
  /** @param {string} id @param {string} kind @param {() => void} pin makes it large, or no longer */
  constructor(id, kind, pin) {
    this.video = make("video", { "data-kind": kind, autoplay: true, playsinline: true, muted: true });
    this.video.muted = true; // sound comes from elements of its own
    this.face = make("span", { class: "face" });
    this.name = make("span", { class: "name" });
    this.signs = make("span", { class: "tile-signs" });
    this.hand = make("span", { class: "hand-sign", role: "img", hidden: true }, icon("hand"));
    this.reaction = make("span", { class: "reaction", "aria-live": "polite" });
    this.pin = make("button", { type: "button", class: "pin round", click: pin }, icon("pin"));
    this.label = make("p", { class: "label" }, this.signs, this.name);
    this.element = make(
      "article",
      { class: "tile", "data-person": id, "data-kind": kind, dblclick: pin },
      this.video, this.face, this.label, this.hand, this.reaction, this.pin,
    );
    this.reactionTimer = 0;
  }

  /** @param {Shown} shown @param {boolean} pinned */
  update(shown, pinned) {
    this.show(shown.track);
    const screen = shown.kind === "screen";
    const name = screen ? t("Screen of {name}", { name: shown.name }) : shown.id === "me" ? t("You") : shown.name;
    if (this.name.textContent !== name) {
      this.name.textContent = name;
      this.element.setAttribute("aria-label", name);
      this.face.replaceChildren(avatar(shown.name));
      this.hand.setAttribute("aria-label", t("Hand raised"));
    }
    this.flag("mirrored", shown.mirrored);
    this.flag("speaking", shown.speaking);
    this.flag("hand", shown.hand);
    this.flag("stranger", shown.stranger);
    this.hand.hidden = !shown.hand;
    this.mute(shown.muted, shown.stranger);
    this.flag("pinned", pinned);
    this.pin.setAttribute("aria-pressed", String(pinned));
    this.pin.setAttribute("aria-label", pinned ? t("Make {name} small again", { name }) : t("Make {name} large", { name }));
    this.pin.title = pinned ? t("Small again") : t("Make large");
  }

  /** @param {boolean} muted @param {boolean} stranger */
  mute(muted, stranger) {
    if (this.element.hasAttribute("data-muted") === muted && this.signs.dataset.stranger === String(stranger)) return;
    this.signs.dataset.stranger = String(stranger);
    this.flag("muted", muted);
    const signs = [];
    if (muted) signs.push(make("span", { class: "muted-sign", role: "img", "aria-label": t("Microphone off") }, icon("microphone-off")));
    if (stranger) signs.push(make("span", { class: "stranger-sign" }, icon("key"), t("Does not have the key of this room")));
    this.signs.replaceChildren(...signs);
  }

  /** @param {MediaStreamTrack | null} track */
  show(track) {
    this.flag("picture", Boolean(track));
    const stream = /** @type {MediaStream | null} */ (this.video.srcObject);
    if ((stream?.getVideoTracks()[0] ?? null) === track) return;
    this.video.srcObject = track ? new MediaStream([track]) : null;
    if (track) void this.video.play().catch(() => {}); // it plays when it can: without sound it may
  }

  /** @param {string} name of a data attribute @param {boolean} on */
  flag(name, on) {
    this.element.toggleAttribute(`data-${name}`, on);
  }

  /** @param {import("./grid.js").Rect} rect */
  place(rect) {
    const { style } = this.element;
    style.left = `${rect.left}px`;
    style.top = `${rect.top}px`;
    style.width = `${rect.width}px`;
    style.height = `${rect.height}px`;
    this.element.hidden = false;
    this.flag("tiny", rect.width < 150 || rect.height < 110);
  }

  /** @param {string} emoji */
  react(emoji) {
    this.reaction.textContent = emoji;
    this.reaction.classList.remove("rise");
    void this.reaction.offsetWidth; // begins the movement anew
    this.reaction.classList.add("rise");
    clearTimeout(this.reactionTimer);
    this.reactionTimer = window.setTimeout(() => (this.reaction.textContent = ""), REACTION_MS);
  }

  remove() {
    this.video.srcObject = null;
    this.element.remove();
  }
}
