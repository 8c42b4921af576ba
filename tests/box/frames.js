// Two browsers of a room in one page: what Ann's Sending offers, Bob's Receiving answers, with nothing between them.

import { realClock } from "/web_client/room/clock.js";
import { Encryption } from "/web_client/room/encryption.js";
import { newKey } from "/web_client/room/key.js";

const PEOPLE = { ann: "1", bob: "2", cid: "3" }; // Cid only has keys

/** A picture that moves, so that every frame is another one. */
function picture() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 });
  const context = canvas.getContext("2d");
  let step = 0;
  setInterval(() => {
    context.fillStyle = `hsl(${(step += 7) % 360} 80% 50%)`;
    context.fillRect(0, 0, 640, 360);
    context.fillStyle = "#fff";
    context.fillRect(step % 600, 100, 40, 160);
  }, 40);
  return canvas.captureStream(25).getVideoTracks()[0];
}

/** A tone. */
async function sound() {
  const context = new AudioContext();
  await context.resume();
  const tone = context.createOscillator();
  const out = context.createMediaStreamDestination();
  tone.connect(out);
  tone.start();
  return out.stream.getAudioTracks()[0];
}

/** @param {boolean} standard whether by the standard's transforms, or Chromium's older streams */
export async function connect(standard) {
  // Only who may use a microphone learns of networks that lead nowhere else.
  await navigator.mediaDevices.getUserMedia({ audio: true });
  if (!standard) delete globalThis.RTCRtpScriptTransform;
  const { Transform } = await import("/web_client/room/transform.js");
  const { Sending } = await import("/web_client/room/sending.js");
  const { Receiving } = await import("/web_client/room/receiving.js");
  const key = newKey();
  const dropped = {};
  const browsers = {};
  for (const [name, id] of Object.entries(PEOPLE)) {
    const transform = new Transform((people) => {
      for (const [person, counts] of people) dropped[`${name} ${person}`] = counts;
    });
    const encryption = await Encryption.start(key, {
      tell: (to, data) => {
        const [other] = Object.keys(PEOPLE).filter((each) => PEOPLE[each] === to);
        void browsers[other].encryption.told(id, data);
      },
      post: (message) => transform.post(message),
      stranger: () => {},
      clock: realClock,
    });
    browsers[name] = { transform, encryption };
  }
  const around = (name, send) => {
    const { transform } = browsers[name];
    return { ice: [], clock: realClock, transform, silent: () => console.error("silent"), send };
  };
  const sending = new Sending(around("ann", heard), true);
  const receiving = new Receiving(around("bob", heard));
  const video = document.body.appendChild(document.createElement("video"));
  video.autoplay = true; // and not muted: sound that nobody hears is not measured
  video.srcObject = new MediaStream();
  receiving.addEventListener("track", ({ detail }) => video.srcObject.addTrack(detail.track));

  /** The box between the two. */
  function heard(message) {
    const other = { send: receiving, receive: sending }[message.side];
    if (message.do === "candidate") other.candidate(message.candidate);
    if (message.do === "answer") sending.published(message.jsep);
    if (message.do !== "publish") return;
    const lines = Object.entries(message.tracks).map(([mid, kind]) => ({ mid, kind, person: PEOPLE.ann }));
    void receiving.offer(message.jsep, lines);
  }

  /** All learn of each other, and tell their keys. */
  function meet() {
    for (const me of Object.keys(PEOPLE)) {
      for (const [other, id] of Object.entries(PEOPLE)) {
        if (me !== other) void browsers[me].encryption.meet({ id, public: browsers[other].encryption.me.public });
      }
    }
  }

  /** For Ann, somebody is gone. */
  const left = (name) => void browsers.ann.encryption.left(PEOPLE[name]);

  /** The SFU goes and comes back: all on new connections. */
  async function again() {
    sending.close();
    receiving.close();
    await sending.start(true);
  }

  await sending.start(true);
  await Promise.all([sending.set("microphone", await sound()), sending.set("camera", picture())]);

  /** What Bob has decoded so far, and what came at all. */
  async function seen() {
    const all = [...(await receiving.peer.getStats()).values()].filter(({ type }) => type === "inbound-rtp");
    const of = (kind) => all.find((each) => each.kind === kind) ?? {};
    return {
      frames: of("video").framesDecoded ?? 0,
      packets: (of("video").packetsReceived ?? 0) + (of("audio").packetsReceived ?? 0),
      energy: of("audio").totalAudioEnergy ?? 0,
      width: video.videoWidth,
      dropped: structuredClone(dropped),
    };
  }
  return { seen, meet, left, again, codecs: () => codecs(sending.peer) };
}

/** @param {RTCPeerConnection} peer */
async function codecs(peer) {
  const all = [...(await peer.getStats()).values()];
  return all.filter(({ type }) => type === "codec").map(({ mimeType, sdpFmtpLine }) => `${mimeType} ${sdpFmtpLine ?? ""}`.trim()).sort();
}
