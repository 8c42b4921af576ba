// The chat beside the pictures. What people write becomes text nodes and links, never markup.
import { byId, make, say } from "./elements.js";
import { pieces } from "./links.js";
import { language, t } from "./words.js";

const LONGEST = 2000;
const NEAR_END = 60; // pixels from the end within which new messages pull the list along

/** @typedef {{from: string, name: string, text: string, at: number, unreadable?: true}} Message */

export class Chat {
  /** @param {(text: string) => void} send */
  constructor(send) {
    this.list = byId("messages");
    this.field = /** @type {HTMLTextAreaElement} */ (byId("chat-text"));
    this.send = send;
    this.unread = 0;
    this.last = { from: "", at: 0 };
    byId("chat-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("input", () => this.grow());
  }

  submit() {
    const text = this.field.value.trim().slice(0, LONGEST);
    if (!text) return;
    this.send(text);
    this.field.value = "";
    this.grow();
  }

  grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(140, this.field.scrollHeight + 2)}px`;
  }

  /**
   * All messages there are, after entering.
   *
   * @param {Message[]} messages
   * @param {string} me my id
   */
  fill(messages, me) {
    this.list.replaceChildren();
    this.last = { from: "", at: 0 };
    for (const message of messages) this.append(message, me);
    if (!messages.length) this.list.append(make("li", { class: "nothing" }, t("Nobody has written anything yet.")));
    this.list.scrollTop = this.list.scrollHeight;
  }

  /**
   * A new message.
   *
   * @param {Message} message
   * @param {string} me my id
   * @param {boolean} open whether the chat is open
   */
  add(message, me, open) {
    this.list.querySelector(".nothing")?.remove();
    const atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR_END;
    this.append(message, me);
    if (atEnd || message.from === me) this.list.scrollTop = this.list.scrollHeight;
    if (!open && message.from !== me) this.count(this.unread + 1);
  }

  /** @param {Message} message @param {string} me */
  append(message, me) {
    const mine = message.from === me;
    const goesOn = this.last.from === message.from && message.at - this.last.at < 120_000;
    this.last = message;
    const time = new Date(message.at).toLocaleTimeString(language(), { hour: "2-digit", minute: "2-digit" });
    const item = make("li", { class: mine ? "message mine" : "message" });
    if (!goesOn) item.append(make("p", { class: "who" }, make("b", {}, mine ? t("You") : message.name), " ", make("time", {}, time)));
    const words = make("p", { class: "words" });
    if (message.unreadable) words.append(t("This message was not written with the key of this room."));
    else for (const piece of pieces(message.text)) words.append(piece.href ? link(piece.href) : piece.text);
    item.append(words);
    this.list.append(item);
  }

  /** @param {number} unread */
  count(unread) {
    this.unread = unread;
    say(byId("unread"), unread ? String(Math.min(99, unread)) : "");
    byId("chat").setAttribute("aria-label", unread ? t("Chat, {count} unread", { count: unread }) : t("Chat"));
  }

  opened() {
    this.count(0);
    this.list.scrollTop = this.list.scrollHeight;
  }
}

/** @param {string} href */
function link(href) {
  return make("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, href);
}
