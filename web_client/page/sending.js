// Brings what I have switched on to the conference: each change goes out in its order.
import { t } from "./words.js";
import { toast } from "./toasts.js";

/** @typedef {import("./media.js").Media} Media */

export class Sending {
  /** @param {any} conference a Conference @param {Media} media @param {() => void} changed */
  constructor(conference, media, changed) {
    this.conference = conference;
    this.media = media;
    this.changed = changed;
    /** @type {{camera: MediaStreamTrack | null, microphone: MediaStreamTrack | null, muted: boolean | null}} */
    this.sent = { camera: null, microphone: null, muted: null };
    /** @type {MediaStreamTrack | null} */
    this.screen = null;
    /** @type {Promise<unknown>} */
    this.turn = Promise.resolve();
    this.listen = () => this.update();
    media.addEventListener("change", this.listen);
  }

  /** Send what is on now, and what is no longer not. */
  update() {
    const { camera, microphone } = this.media.tracks;
    if (camera !== this.sent.camera) {
      this.sent.camera = camera;
      this.queue(() => this.conference.setCamera(camera));
    }
    if (microphone !== this.sent.microphone) {
      this.sent.microphone = microphone;
      this.queue(() => this.conference.setMicrophone(microphone));
    }
    const muted = !this.media.heard;
    if (muted !== this.sent.muted) {
      this.sent.muted = muted;
      this.queue(() => this.conference.setMuted(muted));
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
      const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 15 } }, audio: true });
      const [picture] = stream.getVideoTracks();
      this.screen = picture;
      picture.addEventListener("ended", () => this.screen === picture && this.stopScreen());
      this.changed();
      this.queue(() => this.conference.setScreen(picture, stream.getAudioTracks()[0]));
    } catch (error) {
      if (/** @type {Error} */ (error).name !== "NotAllowedError") toast(t("The screen could not be shared. Try another window."));
    }
  }

  stopScreen() {
    this.screen?.stop();
    this.screen = null;
    this.changed();
    this.queue(() => this.conference.setScreen(null));
  }

  /** @param {() => Promise<unknown>} step */
  queue(step) {
    this.turn = this.turn.then(step).catch(() => toast(t("That did not reach the others. Switch it off and on again.")));
  }

  stop() {
    this.media.removeEventListener("change", this.listen);
    this.screen?.stop();
    this.screen = null;
  }
}
