// The page after a call, or instead of one: why, and what to do next.
import { byId, setIcon } from "./elements.js";
import { keepOverLogin } from "./key.js";
import { loginLink } from "./pass.js";
import { t } from "./words.js";

/** @typedef {{title: string, text: string, icon: string, again: boolean, login: boolean}} Ending */

/** @param {string} title @param {string} text @param {Partial<Ending>} [more] @returns {Ending} */
function ending(title, text, more = {}) {
  return { title, text, icon: "sad", again: true, login: false, ...more };
}

/** @type {Record<string, () => Ending>} why → what is said, where the box's own words do not say it better */
const ENDINGS = {
  left: () => ending(t("You have left"), t("You can come back with the same link."), { icon: "leave" }),
  host: () => ending(t("The call is over"), t("A host ended it for everybody."), { icon: "check", again: false }),
  meeting: () => ending(t("The call is over"), t("The meeting was ended."), { icon: "check", again: false }),
  removed: () => ending(t("You were removed"), t("A host removed you from this room. If that was a mistake, ask them."), { again: false }),
  rejected: () => ending(t("You were not let in"), t("A host turned you away. If that was a mistake, ask them."), { again: false }),
  replaced: () => ending(t("Continued elsewhere"), t("You joined this room in another tab of this browser. To go on here, join again."), { icon: "screen" }),
  token: () => ending(t("This pass does not fit"), t("Log in again, or ask for a new link."), { login: true }),
  expired: () => ending(t("This pass is too old"), t("Log in again, or ask for a new link."), { login: true }),
  "other-room": () => ending(t("This pass does not fit"), t("It is for another room. Ask for the right link."), { again: false }),
  "no-room": () => ending(t("There is no such room"), t("Check the link. A meeting that is over has no room any more."), { again: false }),
  guests: () => ending(t("Only for people of this box"), t("Log in with your account here, or ask a host for an invitation."), { icon: "door", login: true }),
  locked: () => ending(t("The room is locked"), t("A host locked it: nobody new gets in. Ask them to open it, then join again."), { icon: "door" }),
  full: () => ending(t("The room is full"), t("Join again when somebody has left."), { icon: "people" }),
  crowded: () => ending(t("Too many people at the door"), t("Wait a minute, then join again."), { icon: "people" }),
  "wrong-key": () => ending(t("The link is not the right one"), t("The key at its end is not this room's. Ask for the whole link, and open it just as it was sent."), { icon: "key" }),
  "needs-key": () => ending(t("The link is not complete"), t("This room is end-to-end encrypted, and its key is the end of the link, after the # sign. Ask for the whole link."), { icon: "key" }),
  name: () => ending(t("This name does not work"), t("Join again with another one."), {}),
  browser: () => ending(t("This browser cannot do it"), t("Update it, or use a current Firefox, Chrome, Edge or Safari."), { again: false }),
  insecure: () => ending(t("Only over a secure connection"), t("Cameras and microphones work at an address that begins with https://. Open the room there."), { again: false }),
};

/**
 * What to say about an ending.
 *
 * @param {string} why
 * @param {string} message the box's words, may be ""
 */
export function endingFor(why, message) {
  const known = ENDINGS[why]?.() ?? ending(t("The call is over"), t("Something went wrong. Join again; if it happens once more, tell the admin of the box."), {});
  return { ...known, text: ENDINGS[why] ? known.text : message || known.text };
}

/**
 * Show the end.
 * @param {string} why @param {string} message
 * @param {{again: () => void, room: string, loggedIn: boolean, embedded: boolean}} ways
 */
export function showOver(why, message, ways) {
  const { title, text, icon, again, login } = endingFor(why, message);
  byId("over-title").textContent = title;
  byId("over-text").textContent = text;
  setIcon(byId("over-icon"), icon);
  const button = byId("again");
  button.hidden = !again;
  button.onclick = ways.again;
  const logIn = /** @type {HTMLAnchorElement} */ (byId("log-in"));
  logIn.href = loginLink(location.pathname);
  logIn.onclick = () => keepOverLogin(ways.room);
  logIn.hidden = ways.embedded || ways.loggedIn || !login;
  button.classList.toggle("primary", logIn.hidden);
  logIn.classList.toggle("primary", !logIn.hidden);
  byId("home").hidden = ways.embedded;
  byId("over-title").focus();
}
