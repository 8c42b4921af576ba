// Begins the page of a room: who comes, in which language, to which room.
import { Embedded } from "../room/embedded.js";
import { byId } from "./elements.js";
import { passFor, passIn } from "./pass.js";
import { Page } from "./visit.js";
import { choose, speak, translate } from "./words.js";

/** @typedef {import("./visit.js").ConferenceClass} ConferenceClass */

/**
 * The room that an address means, and whether another page shows it.
 *
 * @param {string} path
 */
export function roomOf(path) {
  const [, place, name] = path.split("/");
  return { room: decodeURIComponent(name ?? ""), embedded: place === "embedded" };
}

/**
 * Words come first, so that nothing is seen in the wrong language.
 *
 * @param {string | undefined} wanted
 */
async function prepareWords(wanted) {
  await speak(choose([wanted, new URLSearchParams(location.search).get("language") ?? "", ...navigator.languages]));
  translate();
}

/** @param {ConferenceClass} kind of conference: tests have one of their own */
export async function start(kind) {
  const { room, embedded } = roomOf(location.pathname);
  document.body.toggleAttribute("data-embedded", embedded);
  byId("title").textContent = room;
  const page = embedded ? await around(kind, room) : await alone(kind, room);
  if (!page) return;
  addEventListener("pagehide", () => page.conference?.leave());
  await page.begin();
}

/** @param {ConferenceClass} kind @param {string} room */
async function alone(kind, room) {
  const pass = passIn(location.hash) ?? (await passFor(room));
  await prepareWords(pass.language);
  return new Page(kind, { room, embedded: false, pass, name: "", key: "" });
}

/**
 * Inside another page, which says who comes.
 *
 * @param {ConferenceClass} kind
 * @param {string} room
 */
async function around(kind, room) {
  if (window.parent === window) return location.replace(`/r/${encodeURIComponent(room)}`);
  /** @type {(page: Page) => void} */
  let know = () => {};
  const known = new Promise((/** @type {(page: Page) => void} */ resolve) => (know = resolve));
  const embedded = new Embedded({
    join: async () => (await known).joinAtOnce(),
    camera: async (on) => (await known).media.turn("camera", on),
    mute: async (on) => (await known).media.turn("microphone", !on),
  });
  const { token, key = "", name = "", language } = await embedded.ready();
  await prepareWords(language);
  const page = new Page(kind, { room, embedded: true, pass: token ? { token } : {}, name, key });
  page.onconference = (conference) => embedded.follow(conference);
  know(page);
  return page;
}
