/**
 * The frame's side of `<parlor-room>` (`web_client/embed.js`): takes what the page around says, answers its calls,
 * tells it what happens.
 *
 *     const embedded = new Embedded({ join, camera, mute });
 *     const { token, key, name, language } = await embedded.ready();
 *     embedded.follow(conference);            // again for each new Conference
 */

/** @typedef {import("./conference.js").Conference} Conference */
/** @typedef {import("./people.js").Person} Person */
/** @typedef {{ token?: string, key?: string, name?: string, language?: string }} Texts */
/** @typedef {Texts & { origin: string }} Given by the page around, whose origin it is */
/**
 * @typedef {object} Actions what the frame's own page does, because it holds the devices; what fails is told to the
 *   page around
 * @property {() => unknown} join
 * @property {(on: boolean) => unknown} camera
 * @property {(on: boolean) => unknown} [mute] without it, `setMuted`
 * @property {() => unknown} [leave] without it, the conference's
 */

export class Embedded {
  /** @type {MessagePort | null} */
  #port = null;
  /** @type {Conference | null} */
  #conference = null;
  /** @type {object[]} events before the page around was there */
  #early = [];

  /** @param {Actions} actions @param {Window} around the page that shows this one */
  constructor(actions, around = window.parent) {
    this.actions = actions;
    this.around = around;
  }

  /**
   * Says that this page is here, and waits for the page around. Nothing secret is in it, so anybody may hear it.
   *
   * @returns {Promise<Given>}
   */
  ready() {
    /** @type {Promise<Given>} */
    const given = new Promise((resolve) => {
      const hear = (/** @type {MessageEvent} */ event) => {
        const [port] = event.ports;
        if (event.source !== this.around || event.data?.parlor !== "here" || !port) return;
        window.removeEventListener("message", hear); // one page, once
        this.#open(port);
        resolve({ ...texts(event.data), origin: event.origin });
      };
      window.addEventListener("message", hear);
    });
    if (this.around !== window) this.around.postMessage({ parlor: "ready" }, "*");
    return given;
  }

  /** @param {Conference} conference whose events are told from now on */
  follow(conference) {
    this.#conference = conference;
    /** @type {Record<string, (detail: any) => void>} */
    const told = {
      state: ({ state }) => this.#stateChanged(state),
      people: () => this.#tell("participants", { participants: this.#participants() }),
      person: () => this.#tell("participants", { participants: this.#participants() }),
      speaking: ({ id, on }) => this.#tell("speaking", { id, on }),
      message: ({ from, name, text, at }) => this.#tell("message", { from, name, text, at }),
      sorry: ({ message }) => this.#tell("error", { why: "sorry", message }),
      over: ({ why, message }) => this.#tell("left", { why, message }),
    };
    for (const [type, tell] of Object.entries(told)) {
      conference.addEventListener(type, (event) => {
        if (this.#conference === conference) tell(/** @type {CustomEvent} */ (event).detail);
      });
    }
  }

  /**
   * Something that the page around should know.
   *
   * @param {string} why one word
   * @param {string} message
   */
  error(why, message) {
    this.#tell("error", { why, message });
  }

  #joined = false;

  /** @param {string} state */
  #stateChanged(state) {
    if (state === "waiting") this.#tell("waiting", { for: this.#conference?.waitingFor });
    if (state === "in" && !this.#joined) this.#tell("joined", { id: this.#conference?.you?.id });
    if (state === "in") this.#joined = true;
    if (state === "over") this.#joined = false; // back from an interruption is no new visit, but this is
  }

  /** @param {MessagePort} port */
  #open(port) {
    this.#port = port;
    port.onmessage = ({ data }) => void this.#answer(data);
    for (const message of this.#early.splice(0)) port.postMessage(message);
  }

  /** @param {any} call */
  async #answer({ number, call, with: with_ }) {
    /** @type {Record<string, (on: boolean) => unknown>} */
    const calls = {
      join: () => this.actions.join(),
      leave: () => (this.actions.leave ? this.actions.leave() : this.#conference?.leave()),
      mute: (on) => (this.actions.mute ? this.actions.mute(on) : this.#conference?.setMuted(on)),
      camera: (on) => this.actions.camera(on),
      participants: () => this.#participants(),
    };
    try {
      const act = Object.hasOwn(calls, call) ? calls[call] : undefined;
      if (!act) throw new Error(`there is no ${call}()`);
      const value = await act(with_?.[0] === true);
      this.#port?.postMessage({ number, value: call === "participants" ? value : undefined });
    } catch (error) {
      this.#port?.postMessage({ number, error: error instanceof Error ? error.message : String(error) });
    }
  }

  #participants() {
    const conference = this.#conference;
    if (!conference?.you) return [];
    const all = [conference.you, ...conference.people.values()];
    return all.map(({ id, name, role, microphone, camera }) => ({ id, name, role, microphone, camera }));
  }

  /** @param {string} event @param {object} detail */
  #tell(event, detail) {
    const message = { event, detail };
    if (this.#port) this.#port.postMessage(message);
    else this.#early.push(message);
  }
}

/** @param {Record<string, unknown>} data @returns {Texts} */
function texts({ token, key, name, language }) {
  const given = Object.entries({ token, key, name, language });
  return Object.fromEntries(given.filter(([, value]) => typeof value === "string" && value));
}
