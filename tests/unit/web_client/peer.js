// An RTCPeerConnection as far as the engine uses one: what was called, and states that the test changes.

export class FakePeer {
  static made = [];

  constructor(configuration) {
    this.configuration = configuration;
    this.lines = [];
    this.calls = [];
    this.candidates = [];
    this.signalingState = "stable";
    this.iceConnectionState = "new";
    this.connectionState = "new";
    this.localDescription = null;
    this.remoteDescription = null;
    this.offers = 0;
    FakePeer.made.push(this);
  }

  setConfiguration(configuration) {
    this.configuration = configuration;
  }

  addTransceiver(track, init) {
    const line = new FakeLine(track, init, this.lines.length);
    this.lines.push(line);
    return line;
  }

  getTransceivers() {
    return this.lines;
  }

  restartIce() {
    this.calls.push("restartIce");
  }

  async createOffer() {
    return { type: "offer", sdp: `offer ${++this.offers}` };
  }

  async createAnswer() {
    return { type: "answer", sdp: `answer to ${this.remoteDescription.sdp}` };
  }

  async setLocalDescription(description) {
    this.calls.push(description.type);
    if (description.type === "rollback") {
      this.signalingState = "stable";
      return;
    }
    this.localDescription = description;
    this.signalingState = description.type === "offer" ? "have-local-offer" : "stable";
    for (const line of this.lines) line.mid ??= String(line.place);
  }

  async setRemoteDescription(description) {
    await null;
    if (description.sdp === "broken") throw new Error("broken");
    this.calls.push(`remote ${description.sdp}`);
    this.remoteDescription = description;
    if (description.type === "answer") for (const line of this.lines) line.currentDirection = line.direction;
    for (const mid of description.mids ?? []) this.receive(mid);
    this.signalingState = description.type === "offer" ? "have-remote-offer" : "stable";
  }

  receive(mid) {
    if (this.lines.some((line) => line.mid === mid)) return;
    const line = new FakeLine(null, { direction: "recvonly" }, 0);
    line.mid = mid;
    line.receiver = { track: { kind: "video", id: `track ${mid}` } };
    this.lines.push(line);
    this.ontrack?.({ transceiver: line });
  }

  async addIceCandidate(candidate) {
    this.candidates.push(candidate);
  }

  ice(state) {
    this.iceConnectionState = state;
    this.oniceconnectionstatechange?.();
  }

  close() {
    this.connectionState = "closed";
  }
}

class FakeLine {
  constructor(track, { direction, sendEncodings }, place) {
    this.place = place;
    this.mid = null;
    this.direction = direction;
    this.currentDirection = null;
    this.sender = new FakeSender(track, sendEncodings);
  }
}

class FakeSender {
  constructor(track, encodings) {
    this.track = track;
    this.encodings = structuredClone(encodings);
  }

  async replaceTrack(track) {
    this.track = track;
  }

  getParameters() {
    return { encodings: structuredClone(this.encodings) };
  }

  async setParameters({ encodings }) {
    this.encodings = encodings;
  }
}

export function track(kind, width) {
  return { kind, enabled: true, contentHint: "", getSettings: () => ({ width }) };
}

/** A MediaStream holds tracks, which is all. */
export class FakeStream {
  tracks = new Set();
  addTrack = (one) => void this.tracks.add(one);
  removeTrack = (one) => void this.tracks.delete(one);
  getTracks = () => [...this.tracks];
}
