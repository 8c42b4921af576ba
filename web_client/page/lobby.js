// Before joining: how I look and sound, my name, and one large button.
import { byId, press, say, setIcon } from "./elements.js";
import { allProblems, DevicesPanel, LevelMeter } from "./devices-panel.js";
import { keepOverLogin } from "./key.js";
import { keep, recall } from "./memory.js";
import { loginLink } from "./pass.js";
import { t } from "./words.js";

const PATIENCE_MS = 8000;

/** @typedef {import("./media.js").Media} Media */
/** @typedef {{room: string, pass: import("./pass.js").Pass, name: string, embedded: boolean}} Visit */

export class Lobby {
  /** @param {Media} media @param {Visit} visit @param {(name: string) => Promise<void>} join */
  constructor(media, visit, join) {
    this.media = media;
    this.visit = visit;
    this.join = join;
    this.joining = false;
    this.patience = 0;
    this.name = /** @type {HTMLInputElement} */ (byId("name"));
    this.video = /** @type {HTMLVideoElement} */ (byId("preview"));
    byId("lobby-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
    this.name.addEventListener("input", () => this.complain(""));
    byId("lobby-microphone").addEventListener("click", () => void media.turn("microphone", !media.heard));
    byId("lobby-camera").addEventListener("click", () => void media.turn("camera", !media.tracks.camera));
    for (const place of document.querySelectorAll(".devices-place")) new DevicesPanel(place, media);
    this.meter = new LevelMeter(/** @type {HTMLMeterElement} */ (byId("level")), media);
    media.addEventListener("change", () => this.update());
    this.greet();
    this.update();
  }

  greet() {
    const { pass, room, name, embedded } = this.visit;
    const known = pass.name || name;
    byId("lobby-title").textContent = known ? t("Hello, {name}", { name: known }) : t("Join the call");
    byId("lobby-greeting").textContent = t("This is the room {room}.", { room });
    byId("name-field").hidden = Boolean(known || pass.token); // who has a token has a name
    this.name.value = known || (pass.token ? "" : recall("name"));
    const login = byId("lobby-log-in");
    login.hidden = embedded || Boolean(pass.token);
    const link = /** @type {HTMLAnchorElement} */ (login.querySelector("a"));
    link.href = loginLink(location.pathname);
    link.addEventListener("click", () => keepOverLogin(room));
  }

  update() {
    const { tracks, problems, heard } = this.media;
    const shown = /** @type {MediaStream | null} */ (this.video.srcObject)?.getVideoTracks()[0] ?? null;
    if (shown !== tracks.camera) this.video.srcObject = tracks.camera ? new MediaStream([tracks.camera]) : null;
    this.video.hidden = !tracks.camera;
    byId("preview-off").hidden = Boolean(tracks.camera);
    byId("preview-words").textContent = problems.camera ? t("No picture") : t("Your camera is off");
    press("lobby-camera", Boolean(tracks.camera));
    press("lobby-microphone", heard);
    setIcon(byId("lobby-camera"), tracks.camera ? "camera" : "camera-off");
    setIcon(byId("lobby-microphone"), heard ? "microphone" : "microphone-off");
    say(byId("lobby-problem"), allProblems(this.media));
    this.meter.update();
  }

  async submit() {
    const name = this.name.value.trim().replace(/\s+/g, " ");
    if (!name && !this.visit.pass.token) return this.complain(t("Please say who you are, so that the others know."));
    if (this.joining) return;
    if (!this.visit.pass.token && !this.visit.embedded) keep("name", name);
    this.busy(true);
    try {
      await this.join(name);
    } finally {
      this.busy(false);
    }
  }

  /** @param {boolean} on */
  busy(on) {
    this.joining = on;
    clearTimeout(this.patience);
    this.patience = on ? window.setTimeout(() => this.late(), PATIENCE_MS) : 0;
    if (!on) byId("join-late").hidden = true;
    byId("join").setAttribute("aria-busy", String(on));
    byId("join").firstElementChild?.replaceChildren(on ? t("Joining …") : t("Join"));
  }

  late() {
    say(byId("join-late"), t("The box does not answer yet. Check your connection to the internet; the page goes on trying."));
  }

  /** @param {string} words */
  complain(words) {
    say(byId("name-problem"), words);
    this.name.toggleAttribute("aria-invalid", Boolean(words));
    if (words) this.name.focus();
  }
}
