/** Puts the worker that encrypts between a sender or receiver and its codec. */

/** @typedef {import("./sframe.js").Kind} Kind */
/** @typedef {Map<string, Record<string, number>>} Dropped by person, then by why */

export class Transform {
  /** @type {WeakSet<RTCRtpSender | RTCRtpReceiver>} */
  #done = new WeakSet();
  /** Chromium before the standard's way: connections have to be told so when they are made. */
  insertable = typeof RTCRtpScriptTransform === "undefined";

  /** @param {(dropped: Dropped) => void} dropped once a second at most */
  constructor(dropped) {
    this.worker = new Worker(new URL("./sframe-worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => {
      if (data.is === "dropped") dropped(new Map(data.people));
    };
  }

  /** Whether this browser can encrypt frames at all. */
  static get possible() {
    if (typeof RTCRtpScriptTransform !== "undefined") return true;
    return typeof RTCRtpSender !== "undefined" && "createEncodedStreams" in RTCRtpSender.prototype;
  }

  /** @param {object} message */
  post(message) {
    this.worker.postMessage(message);
  }

  /** @param {RTCRtpSender} sender @param {Kind} kind */
  sending(sender, kind) {
    this.#through(sender, { side: "send", kind });
  }

  /** @param {RTCRtpReceiver} receiver @param {string} mid */
  receiving(receiver, mid) {
    this.#through(receiver, { side: "receive", mid });
  }

  /**
   * What comes with `mid` is from now on somebody's.
   *
   * @param {string} mid
   * @param {{ person: string, kind: Kind } | null} source
   */
  from(mid, source) {
    this.post({ do: "from", mid, source });
  }

  close() {
    this.worker.terminate();
  }

  /** @param {RTCRtpSender | RTCRtpReceiver} end @param {object} options */
  #through(end, options) {
    if (this.#done.has(end)) return;
    this.#done.add(end);
    if (!this.insertable) {
      end.transform = new RTCRtpScriptTransform(this.worker, options);
      return;
    }
    if (!end.createEncodedStreams) throw new Error("this browser cannot encrypt frames");
    const { readable, writable } = end.createEncodedStreams();
    this.worker.postMessage({ do: "streams", options, readable, writable }, [readable, writable]);
  }
}
