// Who can see and hear what is said here: the lock, and plain words about it.
import { byId, dialog, make } from "./elements.js";
import { t } from "./words.js";

/** @param {boolean} encrypted end-to-end */
export function showLock(encrypted) {
  byId("lock-sign").hidden = false;
  byId("lock-sign").dataset.encrypted = String(encrypted);
  byId("lock-words").textContent = encrypted ? t("End-to-end encrypted") : t("Encrypted to the box");
}

/** @param {boolean} encrypted */
export function openLock(encrypted) {
  const shown = dialog("encryption");
  byId("encryption-title").textContent = encrypted ? t("End-to-end encrypted") : t("Encrypted to the box");
  byId("encryption-text").replaceChildren(...(encrypted ? endToEnd() : toTheBox()).map((text) => make("p", {}, text)));
  shown.showModal();
}

function endToEnd() {
  return [
    t("Only people who have the whole link of this room can see, hear and read what happens in it. The box passes everything on without being able to look inside."),
    t("The key is the end of the link, after the # sign. Send the link only to the people who should come, best in an encrypted chat."),
    t("The box still knows who is here and when. A recording and a phone line would break the encryption; so neither is possible in this room."),
  ];
}

function toTheBox() {
  return [
    t("What you send is encrypted on its way to the box, and from there to the others. Nobody in between can see or hear it."),
    t("On the box itself it is open for a moment: whoever runs the box could listen, and a host can have the call recorded, which everybody sees then."),
    t("If the box must not be able to listen either, use a room that is end-to-end encrypted."),
  ];
}
