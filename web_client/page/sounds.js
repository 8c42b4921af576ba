// What is heard: one audio element for each sound, apart from the tiles, so that a hidden tile is still heard.
import { byId, make } from "./elements.js";
import { sendTo } from "./sound.js";

const KINDS = ["microphone", "screen-sound"];

export class Sounds {
  /** @param {() => void} blocked the browser wants a click before it plays sound */
  constructor(blocked) {
    this.blocked = blocked;
    /** @type {Map<string, HTMLAudioElement>} */
    this.players = new Map();
    this.speaker = "";
  }

  /** @param {Map<string, {tracks: Map<string, MediaStreamTrack>}>} people */
  update(people) {
    const wanted = new Map();
    for (const [id, person] of people) {
      for (const kind of KINDS) {
        const track = person.tracks.get(kind);
        if (track) wanted.set(`${id} ${kind}`, track);
      }
    }
    for (const [key, player] of this.players) {
      if (wanted.has(key)) continue;
      player.srcObject = null;
      player.remove();
      this.players.delete(key);
    }
    for (const [key, track] of wanted) this.play(key, track);
  }

  /** @param {string} key @param {MediaStreamTrack} track */
  play(key, track) {
    let player = this.players.get(key);
    if (!player) {
      player = make("audio", { autoplay: true });
      this.players.set(key, player);
      byId("sounds").append(player);
      void sendTo(player, this.speaker);
    }
    const stream = /** @type {MediaStream | null} */ (player.srcObject);
    if (stream?.getAudioTracks()[0] === track) return;
    player.srcObject = new MediaStream([track]);
    this.start(player);
  }

  /** @param {HTMLAudioElement} player */
  start(player) {
    player.play().catch((error) => {
      if (error.name === "NotAllowedError") this.blocked();
    });
  }

  /** After the click that the browser wanted. */
  startAll() {
    for (const player of this.players.values()) this.start(player);
  }

  /** @param {string} speaker device id */
  choose(speaker) {
    if (speaker === this.speaker) return;
    this.speaker = speaker;
    for (const player of this.players.values()) void sendTo(player, speaker);
  }
}
