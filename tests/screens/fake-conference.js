// A conference without a box, in the state that the address asks for: `?scene={"people": 5, "door": 2, …}`.
import { start } from "/client/page/begin.js";

const NAMES = ["Ben Okafor", "Clara Lindqvist", "Diego Fernández", "Emma", "Farid Haddad", "Grete Maier-Schönfeld", "Hana Sato", "Ivo", "Jun Park"];

/** @type {{people?: number, role?: string, door?: string[], screen?: boolean, messages?: number, state?: string, why?: string, lock?: string, encrypted?: boolean, recording?: boolean, level?: number, events?: [string, object][]}} `lock`: the key that the room has, or "new" */
const scene = JSON.parse(new URLSearchParams(location.search).get("scene") ?? "{}");

/** A moving picture. @param {(context: CanvasRenderingContext2D, step: number) => void} draw @param {number} width @param {number} height */
function picture(draw, width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  let step = 0;
  draw(context, step);
  setInterval(() => draw(context, ++step), 200);
  return canvas.captureStream(5).getVideoTracks()[0];
}

/** Somebody in front of a wall. @param {number} hue */
const face = (hue) => picture((context) => {
  const wall = context.createLinearGradient(0, 0, 640, 360);
  wall.addColorStop(0, `hsl(${hue} 30% 62%)`);
  wall.addColorStop(1, `hsl(${hue + 40} 25% 38%)`);
  context.fillStyle = wall;
  context.fillRect(0, 0, 640, 360);
  context.fillStyle = `hsl(${hue + 180} 35% 32%)`;
  context.beginPath();
  context.ellipse(320, 400, 150, 170, 0, 0, 7);
  context.fill();
  context.fillStyle = `hsl(25 45% ${40 + (hue % 40)}%)`;
  context.beginPath();
  context.ellipse(320, 165, 68, 85, 0, 0, 7);
  context.fill();
}, 640, 360);

/** A slide. */
const slide = () => picture((context) => {
  context.fillStyle = "#fff";
  context.fillRect(0, 0, 1280, 720);
  context.fillStyle = "#1d6a63";
  context.fillRect(0, 0, 1280, 110);
  context.font = "bold 56px sans-serif";
  context.fillStyle = "#fff";
  context.fillText("Figures of the third quarter", 60, 75);
  [280, 410, 350, 520].forEach((height, index) => {
    context.fillStyle = index % 2 ? "#e9a13b" : "#1d6a63";
    context.fillRect(140 + index * 260, 680 - height, 180, height);
  });
}, 1280, 720);

/** @param {number} index */
function person(index) {
  const name = NAMES[index % NAMES.length] + (index < NAMES.length ? "" : ` ${index}`);
  const camera = index % 4 !== 2;
  const tracks = new Map(camera ? [["camera", face((index * 67) % 360)]] : []);
  const screen = Boolean(scene.screen) && index === 0;
  if (screen) tracks.set("screen", slide());
  const role = index === 1 ? "guest" : index === 2 ? "host" : "member";
  return { id: String(index + 1), name, role, camera, screen, tracks, microphone: index % 3 !== 1, muted: false, hand: index === 3, public: null, speaking: index === 0 };
}

class FakeConference extends EventTarget {
  state = "new";
  waitingFor = "";
  title = "Team meeting";
  muted = false;
  people = new Map();
  door = (scene.door ?? []).map((name, index) => ({ id: `d${index}`, name }));
  messages = Array.from({ length: scene.messages ?? 0 }, (_, index) => MESSAGES[index % MESSAGES.length]);

  /** @param {Record<string, unknown>} options */
  constructor(options) {
    super();
    this.options = options;
    this.you = { id: "0", name: options.name || "Ann Berg", role: scene.role ?? "host", hand: false, muted: false, speaking: false };
    this.room = { name: "team", title: "Team meeting", locked: false, recording: Boolean(scene.recording), may_record: true, encrypted: Boolean(scene.encrypted || scene.lock), check: null };
    for (let index = 0; index < (scene.people ?? 0); index++) this.people.set(String(index + 1), person(index));
    Object.assign(globalThis, { conference: this });
  }

  async join() {
    this.go("joining");
    const why = scene.lock && !this.options.key ? "needs-key" : scene.lock && this.options.key !== scene.lock && scene.lock !== "new" ? "wrong-key" : scene.why;
    if (why) return this.over(why, "");
    this.waitingFor = scene.state === "waiting" ? "admission" : "";
    this.go(scene.state === "waiting" ? "waiting" : "in");
    if (scene.state === "reconnecting") this.go("reconnecting");
    for (const [name, detail] of scene.events ?? []) this.emit(name, detail);
  }

  /** @param {string} state */
  go(state) {
    this.state = state;
    this.emit("state", { state });
  }

  /** @param {string} why @param {string} message */
  over(why, message) {
    this.go("over");
    this.emit("over", { why, message });
  }

  /** @param {string} name @param {object} detail */
  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  leave() {
    if (this.state !== "over") this.over("left", "");
  }

  /** @param {boolean} hand */
  raiseHand(hand) {
    this.you.hand = hand;
    this.emit("person", { person: this.you });
  }

  /** @param {string} text */
  chat(text) {
    this.emit("message", { from: "0", name: this.you.name, text, at: Date.now() });
  }

  /** @param {string} emoji */
  react(emoji) {
    this.emit("reaction", { from: "0", emoji });
  }

  /** @param {Map<string, object>} watched */
  watch(watched) {
    this.watched = Object.fromEntries(watched);
  }

  /** @param {string} id */
  admit(id) {
    this.door = this.door.filter((each) => id !== "all" && each.id !== id);
    this.emit("door", { people: this.door });
  }

  async quality() {
    const figures = { connected: true, relay: false, rtt: 34, loss: 0.004, jitter: 6, bitrate: 1_480_000, width: 1280, height: 720, fps: 30, limited: "", undecrypted: 0 };
    const level = scene.level ?? 3;
    return { level, why: level < 3 ? "network" : "", sending: figures, receiving: { ...figures, bitrate: 2_310_000, loss: level < 3 ? 0.13 : 0 } };
  }

  async setMicrophone() {}
  async setCamera() {}
  async setScreen() {}
  setMuted() {}
  reject() {}
  mute() {}
  remove() {}
  lock() {}
  record() {}
  end() {}
}

const MESSAGES = [
  { from: "1", name: "Ben Okafor", text: "Good morning! The agenda is at https://example.org/agenda.", at: 1_760_000_000_000 },
  { from: "1", name: "Ben Okafor", text: "I put the numbers into the second tab.", at: 1_760_000_020_000 },
  { from: "0", name: "Ann Berg", text: "Thank you, I am reading it now.", at: 1_760_000_300_000 },
  { from: "2", name: "Clara Lindqvist", text: "<b>Can</b> somebody share the screen? My copy is from last week and two of the columns are missing.", at: 1_760_000_400_000 },
  { from: "0", name: "Ann Berg", text: "Yes, one moment 👍", at: 1_760_000_420_000 },
];

void start(/** @type {any} */ (FakeConference));
