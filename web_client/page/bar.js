// The bar below, the menu behind "More", and the keys.
import { byId, dialog, make, press, setIcon } from "./elements.js";
import { t } from "./words.js";

const EMOJI = ["👍", "👏", "❤️", "😂", "😮", "🎉"];

/** @typedef {Record<"microphone" | "camera" | "screen" | "hand" | "leave" | "copyLink" | "shareLink" | "openQuality" | "openLock" | "record" | "lock" | "end", () => void>} Acts */
/** @typedef {{microphone: boolean, camera: boolean, screen: boolean, hand: boolean, host: boolean, viewer: boolean, recording: boolean, mayRecord: boolean, locked: boolean}} Standing */

/**
 * What screen readers say for each emoji.
 *
 * @returns {Record<string, string>}
 */
export function emojiNames() {
  return { "👍": t("Thumbs up"), "👏": t("Applause"), "❤️": t("Heart"), "😂": t("Laughing"), "😮": t("Astonished"), "🎉": t("Party") };
}

/** Whether this browser can share a screen. */
export const sharesScreen = Boolean(globalThis.navigator?.mediaDevices && "getDisplayMedia" in navigator.mediaDevices);

export class Bar {
  /** @param {Acts} acts @param {(emoji: string) => void} react @param {import("./panels.js").Panels} panels */
  constructor(acts, react, panels) {
    this.acts = acts;
    this.panels = panels;
    this.menu = dialog("more-menu");
    this.reactions = byId("reaction-menu");
    for (const id of /** @type {const} */ (["microphone", "camera", "screen", "hand", "leave"])) byId(id).addEventListener("click", acts[id]);
    byId("more").addEventListener("click", () => this.menu.showModal());
    this.choice("more-screen", acts.screen);
    this.choice("open-devices", () => dialog("devices").showModal());
    this.choice("copy-link", acts.copyLink);
    this.choice("share-link", acts.shareLink);
    this.choice("open-quality", acts.openQuality);
    this.choice("open-lock", acts.openLock);
    for (const id of /** @type {const} */ (["record", "lock", "end"])) this.choice(id, acts[id]);
    byId("share-link").hidden = !("share" in navigator);
    byId("react").addEventListener("click", () => this.toggleReactions());
    this.fillReactions(react);
    document.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("pointerdown", (event) => {
      const inside = event.target instanceof Element && event.target.closest("#reaction-menu, #react");
      if (!inside) this.toggleReactions(false);
    });
  }

  /** @param {string} id @param {() => void} act */
  choice(id, act) {
    byId(id).addEventListener("click", () => {
      this.menu.close();
      act();
    });
  }

  /** @param {(emoji: string) => void} react */
  fillReactions(react) {
    const names = emojiNames();
    for (const emoji of EMOJI) {
      const click = () => {
        react(emoji);
        this.toggleReactions(false);
      };
      this.reactions.append(make("button", { type: "button", "data-emoji": emoji, "aria-label": names[emoji], title: names[emoji], click }, emoji));
    }
  }

  toggleReactions(open = this.reactions.hidden) {
    if (this.reactions.hidden === !open) return;
    const inside = this.reactions.contains(document.activeElement);
    this.reactions.hidden = !open;
    byId("react").setAttribute("aria-expanded", String(open));
    if (open) this.reactions.querySelector("button")?.focus();
    else if (inside) byId("react").focus();
  }

  /** @param {Standing} now */
  update(now) {
    for (const id of /** @type {const} */ (["microphone", "camera", "screen", "hand"])) press(id, now[id]);
    setIcon(byId("microphone"), now.microphone ? "microphone" : "microphone-off");
    setIcon(byId("camera"), now.camera ? "camera" : "camera-off");
    for (const id of ["microphone", "camera", "screen", "more-screen", "open-devices"]) byId(id).hidden = now.viewer || (id.endsWith("screen") && !sharesScreen);
    for (const button of this.menu.querySelectorAll(".for-hosts")) /** @type {HTMLElement} */ (button).hidden = !now.host;
    byId("record").hidden = !now.host || !now.mayRecord;
    this.words("record", now.recording, now.recording ? t("Stop the recording") : t("Record"));
    this.words("lock", now.locked, now.locked ? t("Open the room again") : t("Lock the room: nobody new gets in"));
    this.title("microphone", now.microphone ? t("Switch the microphone off (M)") : t("Switch the microphone on (M)"));
    this.title("camera", now.camera ? t("Switch the camera off (V)") : t("Switch the camera on (V)"));
    this.title("hand", now.hand ? t("Lower the hand (H)") : t("Raise the hand (H)"));
  }

  /** @param {string} id @param {boolean} on @param {string} words */
  words(id, on, words) {
    press(id, on);
    const place = byId(id).querySelector("span");
    if (place) place.textContent = words;
  }

  /** @param {string} id @param {string} title */
  title(id, title) {
    byId(id).title = title;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (document.body.dataset.screen !== "room" || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") return this.escape();
    if (event.repeat || (event.target instanceof Element && event.target.matches("input, textarea, select"))) return;
    const ids = /** @type {Record<string, string>} */ ({ m: "microphone", v: "camera", h: "hand", c: "chat", p: "people" });
    const button = byIdOrNothing(ids[event.key.toLowerCase()]);
    if (!button || button.hidden) return;
    event.preventDefault();
    button.click();
  }

  escape() {
    if (!this.reactions.hidden) this.toggleReactions(false);
    else this.panels.close();
  }
}

/** @param {string | undefined} id */
function byIdOrNothing(id) {
  return id ? byId(id) : null;
}
