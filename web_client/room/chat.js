/** What is written in a room, readable and in its order. */

/**
 * @typedef {object} ChatMessage
 * @property {string} from
 * @property {string} name
 * @property {string} text
 * @property {number} at ms since 1970
 * @property {true} [unreadable] not written with the room's key
 */

export class Chat {
  /** @type {ChatMessage[]} oldest first */
  messages = [];
  /** @type {import("./encryption.js").Encryption | null} */
  encryption = null;
  /** @type {Promise<unknown>} */
  #turn = Promise.resolve();

  /** @param {(message: ChatMessage) => void} said */
  constructor(said) {
    this.said = said;
  }

  /**
   * Sends it, in an encrypted room so that the box cannot read it.
   *
   * @param {string} text
   * @param {(text: string) => void} send
   */
  write(text, send) {
    const { encryption } = this;
    this.#then(async () => send(encryption ? await encryption.sealChat(text) : text));
  }

  /** @param {ChatMessage} message as the box told it */
  heard(message) {
    this.#then(async () => this.#say(await this.#read(message)));
  }

  /**
   * What was written while I was not here. Without encryption it is there at once.
   *
   * @param {ChatMessage[]} chat the last ones
   */
  catchUp(chat) {
    if (!this.encryption && this.messages.length === 0) this.messages = [...chat];
    else this.#then(() => this.#add(chat));
  }

  /** @param {ChatMessage[]} chat */
  async #add(chat) {
    const name = (/** @type {ChatMessage} */ { at, name, text }) => JSON.stringify([at, name, text]);
    const known = new Set(this.messages.map(name));
    const read = await Promise.all(chat.map((one) => this.#read(one)));
    for (const message of read) if (!known.has(name(message))) this.#say(message);
  }

  /** @param {ChatMessage} message @returns {Promise<ChatMessage>} */
  async #read({ from, name, text, at }) {
    if (!this.encryption) return { from, name, text, at };
    const plain = await this.encryption.openChat(text);
    return plain === null ? { from, name, text: "", at, unreadable: true } : { from, name, text: plain, at };
  }

  /** @param {ChatMessage} message */
  #say(message) {
    this.messages.push(message);
    this.said(message);
  }

  /**
   * Reading and writing takes a moment, and must not change the order.
   *
   * @param {() => Promise<void>} work
   */
  #then(work) {
    this.#turn = this.#turn.then(work).catch((error) => console.error(error));
  }
}
