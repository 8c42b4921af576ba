/**
 * Encrypts and decrypts frames off the page's thread (https://www.w3.org/TR/webrtc-encoded-transform/).
 *
 * A transform's options are `{ side: "send", kind }` or `{ side: "receive", mid }`. Messages in: `mine`, `theirs`,
 * `forget`, `from`, and `streams` from a Chromium that has `createEncodedStreams` only. Out, at most once a second:
 * `{ is: "dropped", people: [[id, { why: count }]] }`, where an empty id is this browser itself.
 */

import { Frames } from "./frames.js";

/** @typedef {{ side: "send", kind: import("./sframe.js").Kind } | { side: "receive", mid: string }} Options */

const TELL_MS = 1000;
const scope = /** @type {any} */ (self);
const frames = new Frames();
/** @type {Set<RTCRtpScriptTransformer>} of pictures that are sent */
const senders = new Set();
/** @type {Map<string, RTCRtpScriptTransformer>} of what is received, by mid */
const receivers = new Map();

/**
 * @param {Options} options
 * @param {ReadableStream<EncodedFrame>} readable
 * @param {WritableStream<EncodedFrame>} writable
 */
function pass(options, readable, writable) {
  const change = new TransformStream({
    /** @param {EncodedFrame} frame @param {TransformStreamDefaultController<EncodedFrame>} out */
    async transform(frame, out) {
      const bytes = new Uint8Array(frame.data);
      const { side } = options;
      const changed = await (side === "send" ? frames.seal(options.kind, bytes) : frames.open(options.mid, bytes));
      if (!changed) return;
      frame.data = /** @type {ArrayBuffer} */ (changed.buffer);
      out.enqueue(frame);
    },
  });
  return readable.pipeThrough(change).pipeTo(writable).catch(() => {}); // it ends with its connection
}

/** @param {RTCRtpScriptTransformer} transformer */
async function run(transformer) {
  const options = /** @type {Options} */ (transformer.options);
  const picture = options.side === "send" && (options.kind === "camera" || options.kind === "screen");
  if (picture) senders.add(transformer);
  if (options.side === "receive") receivers.set(options.mid, transformer);
  await pass(options, transformer.readable, transformer.writable);
  senders.delete(transformer);
  if (options.side === "receive" && receivers.get(options.mid) === transformer) receivers.delete(options.mid);
}

/**
 * Nobody who has just got a key can start in the middle of a picture.
 *
 * @param {string} person
 */
function ask(person) {
  for (const mid of frames.pictures(person)) receivers.get(mid)?.sendKeyFrameRequest?.().catch(() => {});
}

/** @type {Record<string, (data: any) => unknown>} */
const take = {
  async mine({ id, key }) {
    await frames.mine(id, key);
    for (const sender of senders) sender.generateKeyFrame?.().catch(() => {}); // not while nothing is sent
  },
  async theirs({ person, id, key }) {
    await frames.theirs(person, id, key);
    ask(person);
  },
  forget: ({ person }) => frames.forget(person),
  from: ({ mid, source }) => frames.from(mid, source),
  streams: ({ options, readable, writable }) => void pass(options, readable, writable),
};

let turn = Promise.resolve();
/** @param {MessageEvent} event */
scope.onmessage = ({ data }) => {
  turn = turn.then(() => take[data.do]?.(data)).then(() => {}, (error) => console.error(error));
};
/** @param {RTCTransformEvent} event */
scope.onrtctransform = ({ transformer }) => void run(transformer);

setInterval(() => {
  const people = [...frames.told()];
  if (people.length > 0) scope.postMessage({ is: "dropped", people });
}, TELL_MS);
