// How loud a microphone is, and a tone to try a speaker.

const EVERY_MS = 80;
// Decibels below full scale: quieter than the first is silence, the second is loud speech.
const SILENCE_DB = -60;
const LOUD_DB = -12;

/**
 * From the samples of a moment to 0–1, as loudness is felt.
 *
 * @param {Float32Array} samples from −1 to 1
 */
export function loudness(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const db = 10 * Math.log10(sum / Math.max(1, samples.length) + 1e-12);
  return Math.min(1, Math.max(0, (db - SILENCE_DB) / (LOUD_DB - SILENCE_DB)));
}

/**
 * Follow a microphone's level.
 * @param {MediaStreamTrack} track
 * @param {(level: number) => void} heard 0–1, some times a second
 * @returns {() => void} stop
 */
export function follow(track, heard) {
  const context = new AudioContext();
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    if (context.state === "suspended") void context.resume().catch(() => {});
    analyser.getFloatTimeDomainData(samples);
    heard(loudness(samples));
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}

/**
 * Two short tones from the chosen speaker.
 *
 * @param {string} speaker device id, "" for the usual one
 */
export async function tryOut(speaker) {
  const context = new AudioContext();
  const target = context.createMediaStreamDestination();
  const gain = new GainNode(context, { gain: 0.15 });
  gain.connect(target);
  for (const [start, pitch] of [[0, 523], [0.28, 659]]) {
    const tone = new OscillatorNode(context, { frequency: pitch });
    tone.connect(gain);
    tone.start(context.currentTime + start);
    tone.stop(context.currentTime + start + 0.22);
  }
  const player = new Audio();
  player.srcObject = target.stream;
  await sendTo(player, speaker);
  await player.play();
  setTimeout(() => void context.close(), 900);
}

/** Whether this browser lets a page choose the speaker. */
export const choosesSpeaker = typeof HTMLMediaElement !== "undefined" && "setSinkId" in HTMLMediaElement.prototype;

/** @param {HTMLMediaElement} player @param {string} speaker */
export async function sendTo(player, speaker) {
  const able = /** @type {HTMLMediaElement & {setSinkId?: (id: string) => Promise<void>, sinkId?: string}} */ (player);
  if (!able.setSinkId || (able.sinkId ?? "") === speaker) return;
  await able.setSinkId(speaker).catch(() => {}); // unplugged meanwhile: the usual speaker plays
}
