/**
 * `<parlor-room>`: a room of this box inside another page (docs/api.md, A room inside another page).
 *
 * Token, key and name go to the frame over a MessageChannel, never in an address: those end up in logs and histories.
 */

const BOX = new URL(import.meta.url).origin;
const ALLOWED = ["camera", "microphone", "display-capture", "autoplay", "fullscreen", "speaker-selection"];
const NEW_VISIT = ["room", "token", "key"]; // a change of these joins anew

/** @typedef {{ id: string, name: string, role: string, microphone: boolean, camera: boolean }} Participant */

class ParlorRoom extends HTMLElement {
  static observedAttributes = [...NEW_VISIT, "name", "language"];

  /** @type {HTMLIFrameElement | null} */
  #frame = null;
  /** @type {MessagePort | null} */
  #port = null;
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  #calls = new Map();
  #count = 0;
  /** @type {object[]} calls before the frame was ready */
  #early = [];
  #due = false;
  #hear = (/** @type {MessageEvent} */ event) => this.#ready(event);

  connectedCallback() {
    window.addEventListener("message", this.#hear);
    this.#renew();
  }

  disconnectedCallback() {
    window.removeEventListener("message", this.#hear);
    this.#close();
  }

  /**
   * @param {string} name
   * @param {string | null} before
   * @param {string | null} now
   */
  attributeChangedCallback(name, before, now) {
    if (before !== now && this.#frame && NEW_VISIT.includes(name)) this.#renew();
  }

  /** @returns {Promise<void>} */
  join() {
    return this.#call("join");
  }

  /** @returns {Promise<void>} */
  leave() {
    return this.#call("leave");
  }

  /**
   * Switches my microphone off or on.
   *
   * @param {boolean} on
   * @returns {Promise<void>}
   */
  mute(on = true) {
    return this.#call("mute", Boolean(on));
  }

  /**
   * @param {boolean} on
   * @returns {Promise<void>}
   */
  camera(on = true) {
    return this.#call("camera", Boolean(on));
  }

  /**
   * Everybody in the room, me first.
   *
   * @returns {Promise<Participant[]>}
   */
  participants() {
    return this.#call("participants");
  }

  /**
   * @param {string} call
   * @param {unknown[]} with_
   * @returns {Promise<any>}
   */
  #call(call, ...with_) {
    if (!this.isConnected) return Promise.reject(new Error("this <parlor-room> is in no page"));
    const number = ++this.#count;
    const answered = new Promise((resolve, reject) => this.#calls.set(number, { resolve, reject }));
    const message = { number, call, with: with_ };
    if (this.#port) this.#port.postMessage(message);
    else this.#early.push(message);
    return answered;
  }

  /** Once, however many attributes change together. */
  #renew() {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      const early = this.#frame ? [] : this.#early;
      if (this.#frame) this.#close();
      this.#early = early;
      if (this.isConnected && this.getAttribute("room")) this.#show();
    });
  }

  #show() {
    const frame = document.createElement("iframe");
    const address = new URL(`/embedded/${encodeURIComponent(this.getAttribute("room") ?? "")}`, BOX);
    const language = this.getAttribute("language");
    if (language) address.searchParams.set("language", language);
    frame.allow = ALLOWED.join("; ");
    frame.allowFullscreen = true;
    frame.title = this.getAttribute("title") ?? "Parlor";
    frame.style.cssText = "border: 0; width: 100%; height: 100%; display: block";
    frame.src = address.href;
    this.#frame = frame;
    if (!this.style.display) this.style.display = "block";
    this.replaceChildren(frame);
  }

  #close() {
    this.#port?.close();
    this.#port = null;
    this.#frame?.remove();
    this.#frame = null;
    for (const { reject } of this.#calls.values()) reject(new Error("the room was closed"));
    this.#calls.clear();
    this.#early = [];
  }

  /** @param {MessageEvent} event */
  #ready(event) {
    const frame = this.#frame?.contentWindow;
    if (!frame || event.source !== frame || event.origin !== BOX || event.data?.parlor !== "ready") return;
    this.#port?.close(); // the frame was loaded again
    const { port1, port2 } = new MessageChannel();
    const given = ["token", "key", "name", "language"].map((name) => [name, this.getAttribute(name) ?? undefined]);
    frame.postMessage({ parlor: "here", ...Object.fromEntries(given) }, BOX, [port2]);
    this.#port = port1;
    port1.onmessage = ({ data }) => this.#heard(data);
    for (const message of this.#early.splice(0)) port1.postMessage(message);
  }

  /** @param {any} data an answer or an event */
  #heard(data) {
    if (data.event) this.dispatchEvent(new CustomEvent(`parlor-${data.event}`, { detail: data.detail, bubbles: true }));
    const call = this.#calls.get(data.number);
    this.#calls.delete(data.number);
    if (data.error) call?.reject(new Error(data.error));
    else call?.resolve(data.value);
  }
}

if (!customElements.get("parlor-room")) customElements.define("parlor-room", ParlorRoom);
