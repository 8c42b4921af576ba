// How good my connection is: a sign on my own tile, and a dialog that says why, with figures.
import { byId, dialog, icon, make } from "./elements.js";
import { t } from "./words.js";

const EVERY_MS = 4000;

/** @typedef {{level: number, why: string, sending: Record<string, unknown>, receiving: Record<string, unknown>}} Quality */

/** @param {number} level 0–3 */
export function levelWords(level) {
  if (level >= 3) return t("Your connection is good.");
  if (level === 2) return t("Your connection is fair.");
  if (level === 1) return t("Your connection is poor.");
  return t("Your connection is lost.");
}

/** @param {string} why */
export function whyWords(why) {
  if (why === "network") return t("Your network loses or delays a lot. Go nearer to the Wi-Fi, use a cable, or switch your camera off.");
  if (why === "processor") return t("This device has too much to do. Close other programs and tabs, or switch your camera off.");
  if (why === "relay") return t("Your network lets calls through only by a detour, which takes longer. Another network may be better.");
  if (why === "lost") return t("Nothing arrives at the moment. The page connects again by itself.");
  return "";
}

export class QualityPanel {
  /** @param {() => Promise<Quality | null>} measure null: there is no call */
  constructor(measure) {
    this.measure = measure;
    this.dialog = dialog("quality");
    this.sign = make("button", { type: "button", id: "quality-sign", class: "round", click: () => this.open() }, icon("signal"));
    this.timer = setInterval(() => void this.update(), EVERY_MS);
  }

  open() {
    this.dialog.showModal();
    void this.update();
  }

  /**
   * The sign stands on my own tile.
   *
   * @param {HTMLElement | undefined} tile
   */
  stand(tile) {
    if (tile && this.sign.parentElement !== tile) tile.append(this.sign);
  }

  async update() {
    const quality = await this.measure().catch(() => null);
    if (!quality) return;
    const words = levelWords(quality.level);
    this.sign.dataset.level = String(quality.level);
    this.sign.setAttribute("aria-label", words);
    this.sign.title = words;
    if (!this.dialog.open) return;
    const level = byId("quality-level");
    level.textContent = words;
    level.dataset.level = String(quality.level);
    byId("quality-why").textContent = whyWords(quality.why);
    byId("quality-figures").replaceChildren(table(t("I send"), quality.sending), table(t("I receive"), quality.receiving));
  }

  stop() {
    clearInterval(this.timer);
  }
}

/** @type {Record<string, () => string>} the figures' names */
const FIGURES = {
  bitrate: () => t("Bit rate"),
  loss: () => t("Lost on the way"),
  rtt: () => t("There and back"),
  jitter: () => t("Jitter"),
  picture: () => t("Picture"),
  fps: () => t("Pictures a second"),
};

/** @param {string} title @param {Record<string, unknown>} figures */
function table(title, figures) {
  const { width, height } = figures;
  const rows = Object.entries({ ...figures, picture: width ? `${width} × ${height}` : null })
    .filter(([name, value]) => FIGURES[name] && value !== null && value !== undefined && (value || name !== "fps"))
    .map(([name, value]) => make("tr", {}, make("th", { scope: "row" }, FIGURES[name]()), make("td", {}, figure(name, value))));
  return make("table", {}, make("caption", {}, title), ...rows);
}

/** @param {string} name @param {unknown} value */
function figure(name, value) {
  if (typeof value !== "number") return String(value);
  if (name === "bitrate") return `${Math.round(value / 1000)} kbit/s`;
  if (name === "loss") return `${(value * 100).toFixed(1)} %`;
  if (name === "rtt" || name === "jitter") return `${Math.round(value)} ms`;
  return String(Math.round(value));
}
