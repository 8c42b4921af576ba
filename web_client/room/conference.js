/** A conference as pages see it; docs/rooms.md says what each part of it is. It knows no page. */

import { Chat } from "./chat.js";
import { realClock } from "./clock.js";
import { Encryption } from "./encryption.js";
import { followNetwork } from "./network.js";
import { People } from "./people.js";
import { Quality, level } from "./quality.js";
import { Receiving } from "./receiving.js";
import { Sending } from "./sending.js";
import { Signalling } from "./signalling.js";
import { Transform } from "./transform.js";

/**
 * @typedef {import("./sframe.js").Kind} Kind
 * @typedef {import("./people.js").Person} Person
 * @typedef {import("./people.js").Said} Said
 * @typedef {"new" | "joining" | "waiting" | "in" | "reconnecting" | "over"} State
 * @typedef {object} Room ROOM of docs/rooms.md
 * @property {string} name
 * @property {string} title
 * @property {boolean} locked
 * @property {boolean} recording
 * @property {boolean} may_record
 * @property {boolean} encrypted
 * @property {string | null} check
 *
 * @typedef {import("./chat.js").ChatMessage} ChatMessage
 * @typedef {Partial<import("./quality.js").Direction>} Direction empty: there is no such connection
 * @typedef {import("./quality.js").Level & { sending: Direction, receiving: Direction }} CallQuality
 *
 * @typedef {object} Welcome
 * @property {Said} you
 * @property {Room} room
 * @property {Said[]} people
 * @property {{ id: string, name: string }[]} [door]
 * @property {ChatMessage[]} [chat]
 * @property {RTCIceServer[]} [ice]
 * @property {boolean} [resumed]
 *
 * @typedef {object} Options
 * @property {string} socket wss://BOX/rooms/socket
 * @property {string} room
 * @property {string} name
 * @property {string} browser the random id that this browser keeps
 * @property {string} [token]
 * @property {string} [key] of an encrypted room; with it everything is encrypted, whatever the box says
 * @property {string} [language]
 *
 * @typedef {object} Parts what tests replace
 * @property {import("./clock.js").Clock} [clock]
 * @property {(url: string) => WebSocket} [connect]
 * @property {(configuration: RTCConfiguration) => RTCPeerConnection} [makePeer]
 * @property {(dropped: (dropped: import("./transform.js").Dropped) => void) => Transform} [makeTransform]
 */

export class Conference extends EventTarget {
  /** @type {State} */
  state = "new";
  /** @type {Room | null} */
  room = null;
  /** @type {{ id: string, name: string }[]} those who wait; hosts see them */
  door = [];
  /** @type {boolean} my microphone, also while there is none */
  muted = false;
  /** @type {"" | "host" | "admission"} what is waited for, at the door */
  waitingFor = "";
  title = "";

  #people = new People();
  #quality = new Quality();
  #chat = new Chat((message) => this.#emit("message", message));
  /** @type {Encryption | null} */
  #encryption = null;
  /** @type {Promise<void> | null} */
  #joined = null;
  #undecrypted = 0;
  #ignoreNetwork = () => {};
  #hand = false;

  /** @param {Options} options @param {Parts} parts */
  constructor(options, { clock = realClock, connect, makePeer, makeTransform } = {}) {
    super();
    this.options = options;
    this.makeTransform = makeTransform ?? ((dropped) => new Transform(dropped));
    this.signalling = new Signalling({ url: address(options), hello: () => this.#hello(), connect, clock });
    /** @type {import("./connection.js").Around} */
    this.around = {
      ice: [],
      send: (message) => this.signalling.send(message),
      silent: () => this.signalling.renew(),
      clock,
      transform: null,
      make: makePeer,
    };
    this.sending = new Sending(this.around, Boolean(options.key));
    this.receiving = new Receiving(this.around);
    this.#listen();
  }

  /** @type {Person | null} */
  get you() {
    return this.#people.you;
  }

  /** @type {ChatMessage[]} */
  get messages() {
    return this.#chat.messages;
  }

  /**
   * All others.
   *
   * @type {Map<string, Person>}
   */
  get people() {
    return this.#people.others;
  }

  /**
   * Resolves when the box said welcome, waiting or refused: look at `state`.
   *
   * @returns {Promise<void>}
   */
  join() {
    this.#joined ??= this.#join();
    return this.#joined;
  }

  leave() {
    if (this.state === "new") this.#over("left", "");
    else this.signalling.leave();
  }

  /** @param {MediaStreamTrack | null} track */
  setMicrophone(track) {
    if (track) track.enabled = !this.muted;
    const sent = this.sending.set("microphone", track);
    this.#sendState();
    return sent;
  }

  /** @param {MediaStreamTrack | null} track */
  setCamera(track) {
    const sent = this.sending.set("camera", track);
    this.#sendState();
    return sent;
  }

  /** @param {MediaStreamTrack | null} track @param {MediaStreamTrack | null} [sound] */
  async setScreen(track, sound = null) {
    await Promise.all([this.sending.set("screen", track), this.sending.set("screen-sound", track && sound)]);
  }

  /** @param {boolean} on */
  setMuted(on) {
    this.muted = on;
    const track = this.sending.track("microphone");
    if (track) track.enabled = !on;
    this.#sendState();
  }

  /**
   * What is shown and how large.
   *
   * @param {ReadonlyMap<string, import("./receiving.js").Shown>} shown by person
   */
  watch(shown) {
    this.receiving.watch(shown);
  }

  /** @param {string} text */
  chat(text) {
    this.#chat.write(text, (written) => this.#do("chat", { text: written }));
  }

  /** @param {string} emoji */
  react(emoji) {
    this.#do("react", { emoji });
  }

  /** @param {boolean} on */
  raiseHand(on) {
    this.#hand = on;
    this.#do("state", { hand: on });
  }

  /** @param {string} name */
  rename(name) {
    this.options = { ...this.options, name };
    this.#do("rename", { name });
  }

  /** @param {string} id or "all" */
  admit(id) {
    this.#do("admit", whom(id));
  }

  /** @param {string} id or "all" */
  reject(id) {
    this.#do("reject", whom(id));
  }

  /** @param {string} id or "all" */
  mute(id) {
    this.#do("mute", whom(id));
  }

  /** @param {string} id */
  remove(id) {
    this.#do("remove", { id });
  }

  /** @param {boolean} on */
  lock(on) {
    this.#do("lock", { on });
  }

  /** @param {boolean} on */
  record(on) {
    this.#do("record", { on });
  }

  end() {
    this.#do("end");
  }

  /**
   * Since the last call of it.
   *
   * @returns {Promise<CallQuality>}
   */
  async quality() {
    const undecrypted = this.#undecrypted;
    this.#undecrypted = 0;
    const sending = await this.#quality.of("send", this.sending.peer);
    const receiving = await this.#quality.of("receive", this.receiving.peer, undecrypted);
    return { ...level([sending, receiving], this.state === "in"), sending: sending ?? {}, receiving: receiving ?? {} };
  }

  async #join() {
    this.#setState("joining");
    try {
      await this.#startEncryption();
    } catch {
      return this.#over("wrong-key", "");
    }
    if (this.options.key && !this.#canEncrypt()) return this.#over("browser", "");
    if (this.state !== "joining") return; // left meanwhile
    this.#ignoreNetwork = followNetwork(() => this.signalling.renew());
    /** @type {Promise<void>} */
    const answered = new Promise((resolve) => {
      const look = () => this.state !== "joining" && this.state !== "reconnecting" && resolve();
      this.addEventListener("state", look);
    });
    this.signalling.open();
    return answered;
  }

  async #startEncryption() {
    const { key } = this.options;
    if (!key) return;
    this.#encryption = await Encryption.start(key, {
      tell: (to, data) => this.#do("tell", { to, data }),
      post: (message) => this.#post(message),
      stranger: (person) => this.#emit("stranger", { person }),
      clock: this.around.clock,
    });
    this.#chat.encryption = this.#encryption;
  }

  /** @type {object[]} for the worker, which starts after the first key was made */
  #posts = [];

  /** @param {object} message */
  #post(message) {
    if (this.around.transform) this.around.transform.post(message);
    else this.#posts.push(message);
  }

  #canEncrypt() {
    if (!Transform.possible) return false;
    const transform = this.makeTransform((dropped) => this.#dropped(dropped));
    this.around.transform = transform;
    for (const message of this.#posts.splice(0)) transform.post(message);
    return true;
  }

  #hello() {
    const { room, name, browser, token } = this.options;
    return { room, name, browser, ...(token ? { token } : {}), ...this.#encryption?.hello };
  }

  #listen() {
    this.signalling.addEventListener("message", (event) => this.#heard(/** @type {CustomEvent} */ (event).detail));
    this.signalling.addEventListener("down", () => this.#down());
    this.signalling.addEventListener("over", (event) => {
      const { why, message } = /** @type {CustomEvent} */ (event).detail;
      this.#over(why, message);
    });
    this.receiving.addEventListener("track", (event) => {
      const { person, kind, track } = /** @type {CustomEvent} */ (event).detail;
      this.#emit("track", { person, kind, track, stream: this.#people.track(person, kind, track) });
    });
    this.receiving.addEventListener("trackended", (event) => {
      const { person, kind } = /** @type {CustomEvent} */ (event).detail;
      this.#people.trackEnded(person, kind);
      this.#emit("trackended", { person, kind });
    });
  }

  /** @param {Record<string, any>} message */
  #heard(message) {
    this.#take[message.is]?.(message);
  }

  /** @type {Record<string, (message: any) => unknown>} by what the box said */
  #take = {
    waiting: ({ title, for: what }) => {
      this.title = title;
      this.waitingFor = what;
      this.#setState("waiting");
    },
    welcome: (message) => this.#welcome(message),
    joined: ({ person }) => {
      this.#put(person);
      void this.#encryption?.meet(person);
      this.#emit("people", { people: this.people });
    },
    changed: ({ person }) => this.#emit("person", { person: this.#put(person) }),
    left: ({ id }) => {
      this.#people.left(id);
      void this.#encryption?.left(id);
      this.#emit("people", { people: this.people });
    },
    door: ({ people }) => {
      this.door = people;
      this.#emit("door", { people });
    },
    room: ({ room }) => {
      this.room = room;
      this.#emit("room", { room });
    },
    speaking: ({ id, on }) => {
      const person = this.#people.get(id);
      if (person) person.speaking = on;
      this.#emit("speaking", { id, on });
    },
    chat: (message) => this.#chat.heard(message),
    react: ({ from, emoji }) => this.#emit("reaction", { from, emoji }),
    told: ({ from, data }) => this.#encryption?.told(from, data),
    muted: ({ by }) => {
      this.setMuted(true);
      this.#emit("muted", { by });
    },
    published: ({ jsep }) => this.sending.published(jsep),
    offer: ({ jsep, streams }) => this.receiving.offer(jsep, streams),
    candidate: ({ side, candidate }) => (side === "send" ? this.sending : this.receiving).candidate(candidate),
    media: ({ state }) => this.#media(state),
    renew: ({ side }) => {
      if (side === "receive") this.receiving.anew();
      else this.#publish(true);
    },
    sorry: ({ to, message }) => {
      if (to === "publish") this.sending.refused(message);
      this.#emit("sorry", { to, message });
    },
  };

  /** @param {Welcome} message */
  #welcome({ you, room, people, door = [], chat = [], ice = [], resumed = false }) {
    this.room = room;
    this.door = door;
    this.title = room.title;
    this.waitingFor = "";
    this.around.ice = ice;
    const known = new Set(resumed ? this.people.keys() : []);
    const gone = this.#people.welcome(you, people);
    this.#meet(people.filter(({ id }) => !known.has(id)), gone, resumed);
    this.#chat.catchUp(chat);
    this.#setState("in");
    this.#emit("people", { people: this.people });
    if (resumed) this.receiving.resume();
    else this.#startAnew();
    this.#publish(!resumed);
  }

  #startAnew() {
    this.receiving.close();
    this.#sendState();
    if (this.#hand) this.raiseHand(true);
  }

  /** @param {Said[]} fresh @param {Said[]} gone @param {boolean} resumed */
  #meet(fresh, gone, resumed) {
    const encryption = this.#encryption;
    if (!encryption) return;
    if (resumed) {
      for (const { id } of gone) void encryption.left(id);
      void encryption.back();
    } else void encryption.forgetAll();
    for (const person of fresh) void encryption.meet(person);
  }

  /** @param {"lost" | "back"} state */
  #media(state) {
    this.sending.close();
    this.receiving.close();
    this.#emit("media", { state });
    if (state === "back") this.#publish(true);
  }

  /** @param {boolean} fresh with a new connection */
  #publish(fresh) {
    this.sending.start(fresh).catch((error) => this.#emit("sorry", { to: "publish", message: error.message }));
  }

  /** @param {Said} said */
  #put(said) {
    return this.#people.put(said);
  }

  /** @param {import("./transform.js").Dropped} dropped */
  #dropped(dropped) {
    for (const [person, counts] of dropped) {
      if (!person) continue; // mine, before there was a key
      const { replay: _, ...others } = counts; // a network doubles frames, and nothing is lost by that
      this.#undecrypted += Object.values(others).reduce((sum, count) => sum + count, 0);
      if (counts.key) void this.#encryption?.missing(person);
    }
  }

  #down() {
    this.sending.stop();
    this.receiving.stop();
    if (this.state === "in" || this.state === "waiting") this.#setState("reconnecting");
  }

  /** @param {string} why @param {string} message */
  #over(why, message) {
    if (this.state === "over") return;
    this.#ignoreNetwork();
    this.sending.close();
    this.receiving.close();
    this.around.transform?.close();
    this.#setState("over");
    this.#emit("over", { why, message });
  }

  #sendState() {
    if (this.state !== "in" && this.state !== "reconnecting") return; // the welcome does
    const microphone = Boolean(this.sending.track("microphone")) && !this.muted;
    this.#do("state", { microphone, camera: Boolean(this.sending.track("camera")) });
  }

  /** @param {string} what @param {Record<string, unknown>} [more] */
  #do(what, more = {}) {
    this.signalling.send({ do: what, ...more });
  }

  /** @param {State} state */
  #setState(state) {
    if (this.state === state) return;
    this.state = state;
    this.#emit("state", { state });
  }

  /** @param {string} type @param {unknown} detail */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** @param {Options} options */
function address({ socket, language }) {
  const url = new URL(socket);
  if (language) url.searchParams.set("language", language);
  return url.href;
}

/** @param {string} id */
const whom = (id) => (id === "all" ? { all: true } : { id });
