// Runs in a page of the box, by execute_async_script: a picture of the time goes into a room, or is read from it.
// arguments: "show" or "read", Conference's options, how many pictures to read, and WebDriver's own callback.

const [role, options, wanted, done] = arguments;
const WIDTH = 640, HEIGHT = 360, FRAMES_PER_S = 30;
const BITS = 16; // milliseconds, modulo 65,536, the highest first; a second row has the opposite of each
const LARGE = 2;
const LIMIT_MS = 120_000;

const now = () => performance.timeOrigin + performance.now();
const clocks = new BroadcastChannel("clocks");

const canvasOf = (width, height) => Object.assign(document.createElement("canvas"), { width, height });

async function enter() {
  const { Conference } = await import("/client/room/conference.js");
  const conference = new Conference(options);
  globalThis.benchConference = conference; // stays when this script has ended
  await conference.join();
  if (conference.state !== "in") throw new Error(`the box said ${conference.state}`);
  return conference;
}

async function show() {
  const canvas = canvasOf(WIDTH, HEIGHT);
  const context = canvas.getContext("2d", { alpha: false });
  const cell = WIDTH / BITS;
  const draw = () => {
    const time = Math.round(now()) % 2 ** BITS;
    for (let bit = 0; bit < BITS; bit++) {
      const on = (time >> (BITS - 1 - bit)) & 1;
      for (const [row, white] of [on, !on].entries()) {
        context.fillStyle = white ? "#fff" : "#000";
        context.fillRect(bit * cell, (row * HEIGHT) / 2, cell, HEIGHT / 2);
      }
    }
  };
  draw();
  setInterval(draw, 1000 / FRAMES_PER_S);
  const [track] = canvas.captureStream(FRAMES_PER_S).getVideoTracks();
  const conference = await enter();
  await conference.setCamera(track);
  clocks.onmessage = () => clocks.postMessage(now());
}

/** How far the other page's clock is ahead, in milliseconds: they have one source, but each page its own beginning. */
async function ahead() {
  const asked = [];
  for (let count = 0; count < 50; count++) {
    const before = now();
    const answered = new Promise((resolve) => (clocks.onmessage = ({ data }) => resolve(data)));
    clocks.postMessage("");
    const theirs = await answered;
    asked.push({ took: now() - before, ahead: theirs - (before + now()) / 2 });
  }
  return asked.sort((one, other) => one.took - other.took)[0].ahead;
}

/** The time in a picture; null if it cannot be read. */
function timeIn(video, context) {
  context.drawImage(video, 0, 0, BITS, 2);
  const { data } = context.getImageData(0, 0, BITS, 2);
  let time = 0;
  for (let bit = 0; bit < BITS; bit++) {
    const [on, off] = [data[bit * 4], data[(BITS + bit) * 4]];
    if (Math.abs(on - off) < 60) return null;
    time = time * 2 + (on > off ? 1 : 0);
  }
  return time;
}

async function read() {
  const conference = await enter();
  const track = await new Promise((resolve) => {
    conference.addEventListener("track", ({ detail }) => detail.kind === "camera" && resolve(detail));
    for (const person of conference.people.values()) {
      const there = person.tracks.get("camera");
      if (there) resolve({ person: person.id, track: there });
    }
  });
  const id = track.person.id ?? track.person;
  conference.watch(new Map([[id, { camera: LARGE, screen: null }]]));
  const video = Object.assign(document.createElement("video"), { muted: true, autoplay: true });
  video.style.cssText = "position: fixed; inset: 0; z-index: 99; width: 640px; height: 360px";
  video.srcObject = new MediaStream([track.track]);
  document.body.append(video);
  void video.play();
  const small = canvasOf(BITS, 2).getContext("2d", { willReadFrequently: true });
  small.imageSmoothingEnabled = false; // the middle of each cell
  const found = { latencies_ms: [], unreadable: 0, width: 0, ahead_ms: await ahead() };
  await new Promise((resolve, reject) => {
    setTimeout(() => reject(`${found.latencies_ms.length} pictures could be read, ${found.unreadable} could not; ` +
      `the last was ${found.width} wide`), LIMIT_MS);
    const take = (_, { expectedDisplayTime }) => {
      if (video.videoWidth === WIDTH) {
        const time = timeIn(video, small);
        // What was just read may be a later picture than the one that this is the display time of.
        const shown = performance.timeOrigin + Math.max(performance.now(), expectedDisplayTime) + found.ahead_ms;
        if (time === null) found.unreadable++;
        else {
          const passed = (((shown - time) % 2 ** BITS) + 2 ** BITS) % 2 ** BITS;
          found.latencies_ms.push(passed > 2 ** (BITS - 1) ? passed - 2 ** BITS : passed);
        }
      }
      found.width = video.videoWidth;
      if (found.latencies_ms.length >= wanted) resolve();
      else video.requestVideoFrameCallback(take);
    };
    video.requestVideoFrameCallback(take);
  });
  conference.leave();
  return found;
}

(role === "show" ? show() : read()).then((found) => done(found ?? null), (error) => done({ error: String(error) }));
