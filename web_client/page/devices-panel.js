// Choosing camera, microphone and speaker, in the lobby and in the call.
import { icon, make } from "./elements.js";
import { choosesSpeaker, follow, tryOut } from "./sound.js";
import { t } from "./words.js";

/** @typedef {import("./media.js").Media} Media */
/** @typedef {"camera" | "microphone" | "speaker"} Kind */

/**
 * What is the matter with a device, and what to do.
 *
 * @param {import("./media.js").Kind} kind
 * @param {string} problem
 */
export function problemWords(kind, problem) {
  const camera = kind === "camera";
  if (problem === "refused")
    return camera
      ? t("The camera is not allowed. Allow it with the sign beside the address of this page, then switch it on again.")
      : t("The microphone is not allowed. Allow it with the sign beside the address of this page, then switch it on again.");
  if (problem === "none") return camera ? t("There is no camera. You can join without.") : t("There is no microphone. You can join and listen.");
  if (problem === "busy")
    return camera
      ? t("Another program uses the camera. Close it there, then switch the camera on again.")
      : t("Another program uses the microphone. Close it there, then switch the microphone on again.");
  if (problem === "unplugged") return camera ? t("The camera was unplugged. The others still hear you.") : t("The microphone was unplugged. The others do not hear you now.");
  return "";
}

/**
 * What both have in common is said in one sentence.
 *
 * @param {Media} media
 */
export function allProblems(media) {
  const { camera, microphone } = media.problems;
  if (camera === "refused" && microphone === "refused")
    return t("Camera and microphone are not allowed. Allow them with the sign beside the address of this page, or join without: you see and hear the others.");
  if (camera === "none" && microphone === "none") return t("There is no camera and no microphone. You can join and see and hear the others.");
  return [problemWords("microphone", microphone), problemWords("camera", camera)].filter(Boolean).join(" ");
}

export class DevicesPanel {
  /** @param {Element} place @param {Media} media */
  constructor(place, media) {
    this.media = media;
    this.selects = {
      camera: this.select("camera", t("Camera")),
      microphone: this.select("microphone", t("Microphone")),
      speaker: this.select("speaker", t("Speaker")),
    };
    const meter = make("meter", { min: "0", max: "1", value: "0", class: "level", "aria-label": t("Level of your microphone") });
    this.meter = new LevelMeter(meter, media);
    const tone = make("button", { type: "button", class: "small", click: () => void tryOut(media.chosen.speaker) }, icon("speaker"), t("Play a tone"));
    place.append(this.field("camera", t("Camera")), this.field("microphone", t("Microphone"), meter));
    if (choosesSpeaker) place.append(this.field("speaker", t("Speaker"), tone));
    else place.append(tone);
    media.addEventListener("change", () => this.update());
    this.update();
  }

  /** @param {Kind} kind @param {string} label */
  select(kind, label) {
    const select = make("select", { class: `${kind}-choice`, "aria-label": label });
    select.addEventListener("change", () => void this.media.choose(kind, select.value));
    return select;
  }

  /** @param {Kind} kind @param {string} label @param {...HTMLElement} more */
  field(kind, label, ...more) {
    return make("div", { class: "field" }, make("span", { class: "label-text", "aria-hidden": "true" }, label), this.selects[kind], ...more);
  }

  update() {
    for (const kind of /** @type {Kind[]} */ (["camera", "microphone", "speaker"])) this.fill(kind);
    this.meter.update();
  }

  /** @param {Kind} kind */
  fill(kind) {
    const list = this.media.devices[kind];
    const select = this.selects[kind];
    const options = list.map((each, index) => make("option", { value: each.id }, each.label || t("Device {number}", { number: index + 1 })));
    const same = options.length === select.options.length && options.every((each, index) => each.value === select.options[index].value && each.text === select.options[index].text);
    if (!same || !options.length) select.replaceChildren(...(options.length ? options : [make("option", { value: "" }, t("None"))]));
    select.disabled = options.length < 2;
    const current = this.media.current(kind);
    if (list.some((each) => each.id === current)) select.value = current;
  }
}

/** A meter that follows whichever microphone is on, while it is to be seen. */
export class LevelMeter {
  /** @param {HTMLMeterElement} meter @param {Media} media */
  constructor(meter, media) {
    this.meter = meter;
    this.media = media;
    /** @type {MediaStreamTrack | null} */
    this.track = null;
    this.visible = false;
    this.stop = () => {};
    new IntersectionObserver((entries) => {
      this.visible = entries.some((entry) => entry.isIntersecting);
      this.update();
    }).observe(meter);
  }

  update() {
    const track = this.visible && this.media.heard ? this.media.tracks.microphone : null;
    if (track === this.track) return;
    this.stop();
    this.track = track;
    this.meter.value = 0;
    this.stop = track ? follow(track, (level) => (this.meter.value = level)) : () => {};
  }
}
