// The page of a room, from the pass to the end of the call.
import { Call } from "./call.js";
import { byId } from "./elements.js";
import { stayAwake } from "./awake.js";
import { freshKey, keyIn, knownKey, settle, showKey } from "./key.js";
import { Lobby } from "./lobby.js";
import { Media } from "./media.js";
import { browserId } from "./memory.js";
import { showOver } from "./over.js";
import { passFor } from "./pass.js";
import { choose, language, speak, t, translate } from "./words.js";

/** @typedef {import("./pass.js").Pass} Pass */
/** @typedef {{token?: string, name?: string, key?: string, join?: boolean, language?: string}} Wanted what the embedding page says */
/** @typedef {new (options: Record<string, unknown>) => any} ConferenceClass */

/** The room that an address means, and how it is shown. @param {string} path */
export function roomOf(path) {
  const [, place, name] = path.split("/");
  return { room: decodeURIComponent(name ?? ""), embedded: place === "embedded" };
}

export class Page {
  /** @param {ConferenceClass} Conference @param {string} room @param {boolean} embedded @param {Pass} pass @param {Wanted} wanted */
  constructor(Conference, room, embedded, pass, wanted) {
    this.Conference = Conference;
    this.room = room;
    this.embedded = embedded;
    this.pass = pass;
    this.wanted = wanted;
    this.media = new Media();
    /** @type {Call | null} */
    this.call = null;
    /** @type {any} */
    this.conference = null;
    this.name = "";
    this.letSleep = () => {};
    /** @type {(conference: any) => void} */
    this.onconference = () => {};
  }

  async begin() {
    if (!window.isSecureContext) return this.over("insecure", "");
    if (!window.RTCPeerConnection) return this.over("browser", "");
    const visit = { room: this.room, title: "", pass: this.pass, name: this.wanted.name ?? "", embedded: this.embedded };
    this.show("lobby", "new");
    new Lobby(this.media, visit, (name) => this.join(name));
    await this.media.start();
    if (this.wanted.join && visit.name) await this.join(visit.name);
  }

  /** @param {string} name */
  async join(name) {
    this.name = name;
    await this.connect(this.wanted.key || knownKey(this.room), false);
  }

  /** @param {string} key "" for none @param {boolean} fresh whether I made it */
  async connect(key, fresh) {
    const conference = new this.Conference({
      socket: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/rooms/socket`,
      room: this.room,
      name: this.name,
      browser: browserId(),
      language: language(),
      ...(this.pass.token ? { token: this.pass.token } : {}),
      ...(key ? { key } : {}),
    });
    this.conference = conference;
    this.call ??= new Call(this.media);
    this.call.show(conference);
    conference.addEventListener("state", () => this.conference === conference && this.stateChanged(key));
    conference.addEventListener("over", (/** @type {CustomEvent} */ { detail }) => {
      if (this.conference === conference) this.ended(detail?.why ?? "", detail?.message ?? "", key, fresh);
    });
    this.onconference(conference);
    await conference.join().catch(() => this.conference === conference && conference.state !== "over" && this.over("unreachable", ""));
  }

  /** @param {string} key */
  stateChanged(key) {
    const { state, room } = this.conference;
    document.body.dataset.state = state;
    if (state === "waiting") this.waiting();
    if (state === "reconnecting") this.call?.schedule();
    if (state !== "in") return;
    if (room.encrypted && key && !this.embedded) settle(this.room, key, this.conference.you.role === "host");
    if (document.body.dataset.screen !== "room") this.letSleep = stayAwake();
    this.show("room", state);
    this.call?.enter();
  }

  waiting() {
    const { room, waitingFor } = this.conference;
    const forHost = (waitingFor ?? this.conference.for) === "host";
    byId("title").textContent = room?.title || this.room;
    byId("waiting-title").textContent = t("Hello, {name}", { name: this.name });
    byId("waiting-text").textContent = forHost
      ? t("No host is here yet. The call begins when one comes.")
      : t("You are at the door. A host will let you in.");
    const news = document.body.dataset.screen !== "waiting";
    this.show("waiting", "waiting");
    byId("waiting-leave").onclick = () => this.conference.leave();
    if (news) byId("waiting-title").focus();
  }

  /**
   * A host of an encrypted room that has no key yet makes one; everybody else is told.
   * @param {string} why @param {string} message @param {string} key @param {boolean} fresh
   */
  ended(why, message, key, fresh) {
    if (why === "needs-key" && !key && this.pass.role === "host") {
      const made = freshKey();
      showKey(made);
      return void this.connect(made, true);
    }
    if (fresh && why === "wrong-key") {
      showKey("");
      return this.over("needs-key", message);
    }
    this.over(why || "left", message);
  }

  /** @param {string} why @param {string} message */
  over(why, message) {
    this.call?.close();
    this.media.stop();
    this.letSleep();
    this.show("over", "over");
    const again = () => (this.embedded && this.wanted.join ? void this.rejoin() : location.reload());
    showOver(why, message, { again, path: location.pathname, loggedIn: Boolean(this.pass.token), embedded: this.embedded });
  }

  /** An embedded page that was told to join at once has no lobby to go back to. */
  async rejoin() {
    this.show("lobby", "new");
    await this.media.start();
    await this.join(this.name);
  }

  /** @param {"lobby" | "waiting" | "room" | "over"} screen @param {string} state of the conference */
  show(screen, state) {
    document.body.dataset.state = state;
    document.body.dataset.screen = screen;
    for (const each of ["lobby", "waiting", "room", "over"]) byId(each).hidden = each !== screen;
  }
}

/** Words first, so that nothing is seen in the wrong language. @param {(string | undefined)[]} wanted */
export async function prepareWords(wanted) {
  await speak(choose([...wanted, ...navigator.languages]));
  translate();
}

/** @param {ConferenceClass} Conference */
export async function start(Conference) {
  const { room, embedded } = roomOf(location.pathname);
  document.body.toggleAttribute("data-embedded", embedded);
  byId("title").textContent = room;
  const pass = embedded ? {} : await passFor(room);
  await prepareWords([pass.language]);
  const page = new Page(Conference, room, embedded, pass, { key: keyIn(location.hash) });
  addEventListener("pagehide", () => page.conference?.leave());
  await page.begin();
  return page;
}
