// What browsers have and TypeScript's own DOM does not know yet.

// https://www.w3.org/TR/webrtc-encoded-transform/
declare class RTCRtpScriptTransform {
  constructor(worker: Worker, options?: unknown, transfer?: Transferable[]);
}

interface RTCRtpScriptTransformer {
  readonly readable: ReadableStream<EncodedFrame>;
  readonly writable: WritableStream<EncodedFrame>;
  readonly options: any;
  generateKeyFrame?(rid?: string): Promise<unknown>;
  sendKeyFrameRequest?(): Promise<unknown>;
}

interface RTCTransformEvent extends Event {
  readonly transformer: RTCRtpScriptTransformer;
}

type EncodedFrame = { data: ArrayBuffer };

interface RTCRtpSender {
  transform?: RTCRtpScriptTransform | null;
  createEncodedStreams?(): { readable: ReadableStream<EncodedFrame>; writable: WritableStream<EncodedFrame> };
}

interface RTCRtpReceiver {
  transform?: RTCRtpScriptTransform | null;
  createEncodedStreams?(): { readable: ReadableStream<EncodedFrame>; writable: WritableStream<EncodedFrame> };
}

interface RTCConfiguration {
  /** Chromium before RTCRtpScriptTransform. */
  encodedInsertableStreams?: boolean;
}

// https://wicg.github.io/netinfo/
interface NetworkInformation extends EventTarget {
  readonly type?: string;
}

interface Navigator {
  readonly connection?: NetworkInformation;
}
