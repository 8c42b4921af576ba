// Brings what I have switched on to the conference.
import { openScreen, trouble, whenUnplugged } from "../room/devices.js";
import { toast } from "./toasts.js";
import { t } from "./words.js";

/** @typedef {import("./media.js").Media} Media */
/** @typedef {import("../room/conference.js").Conference} Conference */

export class Sending {
  /** @param {Conference} conference @param {Media} media @param {() => void} changed */
  constructor(conference, media, changed) {
    this.conference = conference;
    this.media = media;
    this.changed = changed;
    /** @type {{camera: MediaStreamTrack | null, microphone: MediaStreamTrack | null, muted: boolean | null}} */
    this.sent = { camera: null, microphone: null, muted: null };
    /** @type {MediaStreamTrack | null} */
    this.screen = null;
    /** @type {MediaStreamTrack | null} */
    this.screenSound = null;
    this.listen = () => this.update();
    media.addEventListener("change", this.listen);
  }

  /** Send what is on now, and what is no longer not. */
  update() {
    const { camera, microphone } = this.media.tracks;
    if (camera !== this.sent.camera) {
      this.sent.camera = camera;
      this.send(this.conference.setCamera(camera));
    }
    if (microphone !== this.sent.microphone) {
      this.sent.microphone = microphone;
      this.send(this.conference.setMicrophone(microphone));
    }
    const muted = !this.media.heard;
    if (muted !== this.sent.muted) {
      this.sent.muted = muted;
      this.conference.setMuted(muted);
    }
  }

  /** A host muted me: it is so already. */
  wasMuted() {
    this.sent.muted = true;
    this.media.mute(true);
  }

  async toggleScreen() {
    if (this.screen) return this.stopScreen();
    try {
      const { track, sound } = await openScreen();
      this.screen = track;
      this.screenSound = sound;
      whenUnplugged(track, () => this.screen === track && this.stopScreen());
      this.changed();
      this.send(this.conference.setScreen(track, sound));
    } catch (error) {
      if (trouble(error) !== "refused") toast(t("The screen could not be shared. Try another window."));
    }
  }

  stopScreen() {
    this.forgetScreen();
    this.changed();
    this.send(this.conference.setScreen(null));
  }

  forgetScreen() {
    this.screen?.stop();
    this.screenSound?.stop();
    this.screen = null;
    this.screenSound = null;
  }

  /** @param {Promise<unknown>} sent */
  send(sent) {
    sent.catch((error) => {
      console.error(error);
      toast(t("That did not reach the others. Switch it off and on again."));
    });
  }

  stop() {
    this.media.removeEventListener("change", this.listen);
    this.forgetScreen();
  }
}
