// In the room: joins the parts of the page with the conference. Whatever happens, `update` shows what is so now.
import { Bar, emojiNames } from "./bar.js";
import { Chat } from "./chat.js";
import { problemWords } from "./devices-panel.js";
import { Door } from "./door.js";
import { byId, confirmed, dialog, say } from "./elements.js";
import { copyLink, shareLink } from "./invite.js";
import { openLock, showLock } from "./lock-panel.js";
import { Panels } from "./panels.js";
import { PeoplePanel } from "./people-panel.js";
import { QualityPanel } from "./quality-panel.js";
import { Sending } from "./sending.js";
import { Sounds } from "./sounds.js";
import { Tiles } from "./tiles.js";
import { toast } from "./toasts.js";
import { t } from "./words.js";

/** @typedef {import("./media.js").Media} Media */
/** @typedef {import("../room/conference.js").Conference} Conference */
/** @typedef {import("./tile.js").Shown} Shown */

/** The call's parts that stay on the page, whichever conference they show: a second join uses them again. */
export class Call {
  /** @param {Media} media */
  constructor(media) {
    this.media = media;
    this.conference = /** @type {Conference} */ (/** @type {unknown} */ (null)); // until the first one is shown
    /** @type {Sending | null} */
    this.sending = null;
    /** @type {Set<string>} */
    this.strangers = new Set();
    this.scheduled = false;
    this.entered = false;
    this.recording = false;
    this.mediaLost = false;
    this.panels = new Panels((open) => open === "chat" && this.chat.opened());
    this.chat = new Chat((text) => this.conference.chat(text));
    this.door = new Door((id) => this.conference.admit(id), (id) => this.conference.reject(id));
    this.tiles = new Tiles((watched) => this.conference?.watch(watched), () => this.panels.open === "people" || this.panels.toggle("people"));
    this.sounds = new Sounds(() => toast(t("The browser keeps the sound back."), { label: t("Hear the others"), act: () => this.sounds.startAll() }));
    this.people = new PeoplePanel({
      mute: (id) => this.conference.mute(id),
      remove: (id, name) => void this.remove(id, name),
      muteAll: () => this.conference.mute("all"),
    });
    this.quality = new QualityPanel(async () => (this.entered ? this.conference.quality() : null));
    this.bar = new Bar(this.acts(), (emoji) => this.conference.react(emoji), this.panels);
    byId("stop-sharing").addEventListener("click", () => this.sending?.stopScreen());
    byId("alone-copy").addEventListener("click", () => this.bar.acts.copyLink());
    byId("lock-sign").addEventListener("click", () => openLock(this.encrypted));
    media.addEventListener("change", () => this.schedule());
    media.addEventListener("unplugged", (event) => this.unplugged(/** @type {CustomEvent} */ (event).detail.kind));
    media.addEventListener("plugged", (event) => this.plugged(/** @type {CustomEvent} */ (event).detail));
  }

  /** Those who are only there once the box let me in. */
  get inside() {
    const { you, room, people } = this.conference;
    if (!you || !room) throw new Error("not in the room yet");
    return { you, room, people };
  }

  get encrypted() {
    return Boolean(this.conference?.options.key); // with a key everything is, whatever the box says
  }

  /** @returns {import("./bar.js").Acts} */
  acts() {
    const link = () => location.href.replace("/embedded/", "/r/");
    return {
      microphone: () => void this.turn("microphone", !this.media.heard),
      camera: () => void this.turn("camera", !this.media.tracks.camera),
      screen: () => void this.sending?.toggleScreen(),
      hand: () => this.raise(),
      leave: () => this.conference.leave(),
      copyLink: () => void copyLink(link()),
      shareLink: () => void shareLink(link(), this.inside.room.title),
      openQuality: () => this.quality.open(),
      openLock: () => openLock(this.encrypted),
      record: () => this.conference.record(!this.inside.room.recording),
      lock: () => this.conference.lock(!this.inside.room.locked),
      end: () => void this.end(),
    };
  }

  /**
   * Show this conference from now on.
   *
   * @param {Conference} conference
   */
  show(conference) {
    this.conference = conference;
    this.entered = false;
    this.recording = false;
    this.strangers.clear();
    /** @type {Record<string, (detail: any) => void>} */
    const heard = {
      people: () => {},
      person: () => {},
      room: () => this.roomChanged(),
      door: () => {},
      track: () => {},
      trackended: () => {},
      speaking: () => {},
      message: (message) => this.chat.add(message, this.inside.you.id, this.panels.open === "chat"),
      reaction: ({ from, emoji }) => this.reacted(from, emoji),
      muted: ({ by }) => this.wasMuted(by),
      media: ({ state }) => (this.mediaLost = state === "lost"),
      sorry: ({ message }) => toast(message),
      stranger: ({ person }) => this.strangers.add(person),
    };
    for (const [name, act] of Object.entries(heard)) {
      conference.addEventListener(name, (event) => {
        if (this.conference !== conference) return;
        act(/** @type {CustomEvent} */ (event).detail);
        this.schedule();
      });
    }
  }

  /** The box let me in, or I am back. */
  enter() {
    const again = this.entered;
    this.entered = true;
    if (again) this.tiles.forget();
    else {
      this.chat.fill(this.conference.messages, this.inside.you.id);
      this.sending = new Sending(this.conference, this.media, () => this.schedule());
      this.sending.update();
      byId("tiles").setAttribute("tabindex", "-1");
      byId("tiles").focus({ preventScroll: true });
    }
    this.roomChanged();
    this.schedule();
  }

  /** The conference is over. */
  close() {
    this.sending?.stop();
    this.sending = null;
    this.entered = false;
    this.mediaLost = false;
    this.panels.close();
    for (const open of /** @type {NodeListOf<HTMLDialogElement>} */ (document.querySelectorAll("dialog[open]"))) open.close();
    this.sounds.update(new Map());
    this.tiles.update([]);
    this.door.update([]);
  }

  /** Show what is so now, once, however much happens at a time. */
  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    setTimeout(() => {
      this.scheduled = false;
      if (this.entered) this.update();
    }, 0);
  }

  update() {
    const { conference, media } = this;
    const { you, room, people } = this.inside;
    const host = you.role === "host";
    const screen = Boolean(this.sending?.screen);
    this.tiles.update(this.shown());
    this.quality.stand(this.tiles.tiles.get("me camera")?.element);
    this.sounds.choose(media.chosen.speaker);
    this.sounds.update(people);
    this.bar.update({
      microphone: media.heard, camera: Boolean(media.tracks.camera), screen, hand: Boolean(you.hand), host,
      viewer: you.role === "viewer", recording: room.recording, mayRecord: room.may_record, locked: room.locked,
    });
    byId("sharing").hidden = !screen;
    byId("alone").hidden = people.size > 0 || Boolean(conference.door.length) || document.body.hasAttribute("data-embedded");
    const visitors = host ? conference.door : [];
    this.door.update(visitors);
    this.people.update([{ ...you, microphone: media.heard, muted: false }, ...people.values()], host, visitors, this.door);
    say(byId("head-count"), people.size ? String(people.size + 1) : "");
    say(byId("banner"), this.bannerWords());
  }

  bannerWords() {
    if (this.conference.state === "reconnecting") return t("The connection is interrupted. Connecting again …");
    if (this.mediaLost) return t("Picture and sound are interrupted on the box. They come back by themselves.");
    return "";
  }

  /** @returns {Shown[]} screens and cameras of all, mine last */
  shown() {
    const { you, people } = this.inside;
    const { camera } = this.media.tracks;
    const shown = [];
    for (const [id, person] of people) {
      const common = { id, name: person.name, mirrored: false, stranger: this.strangers.has(id), speaking: Boolean(person.speaking) };
      const screen = person.screen ? person.tracks.get("screen") : null;
      if (screen) shown.push({ ...common, kind: "screen", track: screen, muted: false, hand: false, speaking: false });
      if (person.role === "viewer") continue;
      const track = person.camera ? (person.tracks.get("camera") ?? null) : null;
      shown.push({ ...common, kind: "camera", track, muted: !person.microphone || person.muted, hand: person.hand });
    }
    if (you.role === "viewer") return shown;
    const front = camera?.getSettings().facingMode !== "environment";
    shown.push({
      id: "me", kind: "camera", name: you.name, track: camera, mirrored: front, muted: !this.media.heard,
      hand: Boolean(you.hand), speaking: this.media.heard && Boolean(you.speaking), stranger: false,
    });
    return shown;
  }

  roomChanged() {
    const { room } = this.conference;
    if (!room) return;
    byId("title").textContent = room.title || room.name;
    document.title = room.title || room.name;
    byId("recording-sign").hidden = !room.recording;
    byId("locked-sign").hidden = !room.locked;
    showLock(this.encrypted);
    if (!this.entered || room.recording === this.recording) return;
    this.recording = room.recording;
    toast(room.recording ? t("This call is being recorded from now on.") : t("The recording has ended."));
  }

  /**
   * Switch on or off, and say in words why that did not work.
   *
   * @param {import("./media.js").Kind} kind
   * @param {boolean} on
   */
  async turn(kind, on) {
    await this.media.turn(kind, on);
    if (on && this.media.problems[kind]) toast(problemWords(kind, this.media.problems[kind]));
  }

  raise() {
    const hand = !this.conference.you?.hand;
    this.conference.raiseHand(hand);
  }

  /** @param {string} from @param {string} emoji */
  reacted(from, emoji) {
    if (!(emoji in emojiNames())) return;
    this.tiles.react(from === this.inside.you.id ? "me" : from, emoji);
  }

  /** @param {string} by */
  wasMuted(by) {
    this.sending?.wasMuted();
    toast(t("{name} switched your microphone off.", { name: by }));
  }

  /** @param {import("./media.js").Kind} kind */
  unplugged(kind) {
    if (this.entered) toast(problemWords(kind, "unplugged"), { label: t("Choose another"), act: () => dialog("devices").showModal() });
  }

  /** @param {{label: string, plugged: import("./media.js").Plugged[]}} news */
  plugged({ label, plugged }) {
    if (!this.entered) return;
    const act = () => plugged.forEach(({ kind, id }) => void this.media.choose(kind, id));
    toast(t("{device} was plugged in.", { device: label }), { label: t("Use it"), act });
  }

  /** @param {string} id @param {string} name */
  async remove(id, name) {
    if (await confirmed(t("Remove {name} from the room?", { name }), t("Remove"))) this.conference.remove(id);
  }

  async end() {
    if (await confirmed(t("End the call for everybody?"), t("End for all"))) this.conference.end();
  }
}
