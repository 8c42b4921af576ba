// One visit, from the lobby to the end of the call.
import { newKey } from "../room/key.js";
import { stayAwake } from "./awake.js";
import { Call } from "./call.js";
import { byId } from "./elements.js";
import { knownKey, settle } from "./key.js";
import { Lobby } from "./lobby.js";
import { Media } from "./media.js";
import { browserId } from "./memory.js";
import { showOver } from "./over.js";
import { language, t } from "./words.js";

/** @typedef {import("../room/conference.js").Conference} Conference */
/** @typedef {import("../room/conference.js").Options} Options */
/** @typedef {import("./pass.js").Pass} Pass */
/** @typedef {new (options: Options) => Conference} ConferenceClass */
/** @typedef {{room: string, embedded: boolean, pass: Pass, name: string, key: string}} Visit `name` and `key` as the page around gave them */

export class Page {
  /** @param {ConferenceClass} Conference @param {Visit} visit */
  constructor(Conference, visit) {
    this.Conference = Conference;
    this.visit = visit;
    this.media = new Media();
    this.name = visit.pass.name || visit.name;
    /** @type {Call | null} */
    this.call = null;
    /** @type {Conference | null} */
    this.conference = null;
    this.letSleep = () => {};
    /** @type {(lobby: Lobby) => void} */
    this.lobbyIsThere = () => {};
    /** @type {Promise<Lobby>} */
    this.lobby = new Promise((resolve) => (this.lobbyIsThere = resolve));
    /** @type {(conference: Conference) => void} told of each one */
    this.onconference = () => {};
  }

  async begin() {
    if (!window.isSecureContext) return this.over("insecure", "");
    if (!window.RTCPeerConnection) return this.over("browser", "");
    this.lobbyIsThere(new Lobby(this.media, this.visit, (name) => this.join(name)));
    await this.prepare();
  }

  /** The lobby, with the devices on. */
  prepare() {
    this.show("lobby", "new");
    this.opened = this.media.start();
    return this.opened;
  }

  /** What Join does, pressed by the page around. */
  async joinAtOnce() {
    const lobby = await this.lobby;
    if (this.screen === "room" || this.screen === "waiting") return;
    if (this.screen === "over") void this.prepare();
    await this.opened;
    await lobby.submit();
    if (this.screen === "lobby") throw new Error("a name is needed");
  }

  /** @param {string} name "" for somebody whose token says it */
  async join(name) {
    this.name = name || this.name;
    const { room, embedded, key } = this.visit;
    await this.connect(embedded ? key : knownKey(room), false);
  }

  /** @param {string} key "" for none @param {boolean} fresh whether I made it */
  async connect(key, fresh) {
    const { room, pass } = this.visit;
    const conference = new this.Conference({
      socket: `${location.origin.replace("http", "ws")}/rooms/socket`,
      room,
      name: this.name,
      browser: browserId(),
      language: language(),
      ...(pass.token ? { token: pass.token } : {}),
      ...(key ? { key } : {}),
    });
    this.conference = conference;
    this.call ??= new Call(this.media);
    this.call.show(conference);
    conference.addEventListener("state", () => this.conference === conference && this.stateChanged(conference, key));
    conference.addEventListener("over", (event) => {
      const { why, message } = /** @type {CustomEvent} */ (event).detail;
      if (this.conference === conference) this.ended(why, message, key, fresh);
    });
    this.onconference(conference);
    await conference.join();
  }

  /** @param {Conference} conference @param {string} key */
  stateChanged(conference, key) {
    const { state, room, you } = conference;
    document.body.dataset.state = state;
    if (state === "waiting") this.waiting(conference);
    if (state === "reconnecting") this.call?.schedule();
    if (state !== "in") return;
    if (room?.encrypted && key && !this.visit.embedded) settle(this.visit.room, key, you?.role === "host");
    if (this.screen !== "room") this.letSleep = stayAwake();
    this.show("room", state);
    this.call?.enter();
  }

  /** @param {Conference} conference */
  waiting({ title, waitingFor }) {
    byId("title").textContent = title || this.visit.room;
    byId("waiting-title").textContent = this.name ? t("Hello, {name}", { name: this.name }) : t("Welcome");
    byId("waiting-text").textContent =
      waitingFor === "host" ? t("No host is here yet. The call begins when one comes.") : t("You are at the door. A host will let you in.");
    byId("waiting-leave").onclick = () => this.conference?.leave();
    const news = this.screen !== "waiting";
    this.show("waiting", "waiting");
    if (news) byId("waiting-title").focus();
  }

  /**
   * Who may be the host of an encrypted room that has no key yet makes one; whoever is none is told then.
   *
   * @param {string} why @param {string} message @param {string} key @param {boolean} fresh
   */
  ended(why, message, key, fresh) {
    if (why === "needs-key" && !key && this.visit.pass.token) return void this.connect(newKey(), true);
    const others = fresh && why === "wrong-key"; // the room has a key already, which is not here
    this.over(others ? "needs-key" : why || "left", message);
  }

  /** @param {string} why @param {string} message */
  over(why, message) {
    this.call?.close();
    this.media.stop();
    this.letSleep();
    this.show("over", "over");
    const { pass, embedded, room } = this.visit;
    showOver(why, message, { again: () => location.reload(), room, loggedIn: Boolean(pass.token), embedded });
  }

  get screen() {
    return document.body.dataset.screen;
  }

  /** @param {"lobby" | "waiting" | "room" | "over"} screen @param {string} state of the conference */
  show(screen, state) {
    document.body.dataset.state = state;
    document.body.dataset.screen = screen;
    for (const each of ["lobby", "waiting", "room", "over"]) byId(each).hidden = each !== screen;
  }
}
