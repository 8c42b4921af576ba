import assert from "node:assert/strict";
import { test } from "node:test";
import { askOpus, cameraLayers, contentHint, encodings, onlyVp8 } from "../../../web_client/room/layers.js";

const sent = (width) => cameraLayers(width).filter(({ active }) => active);

test("a camera is sent in three layers, each half as wide, the largest first", () => {
  assert.deepEqual(cameraLayers(1280), [
    { rid: "h", active: true, maxBitrate: 900_000, scaleResolutionDownBy: 1 },
    { rid: "m", active: true, maxBitrate: 300_000, scaleResolutionDownBy: 2 },
    { rid: "l", active: true, maxBitrate: 100_000, scaleResolutionDownBy: 4 },
  ]);
  assert.deepEqual(cameraLayers(0), cameraLayers(1280)); // a width that is not known
  assert.equal(sent(640).length, 3);
});

test("a narrow camera is sent in fewer, the largest of them whole, and all stay offered for another camera", () => {
  assert.deepEqual(sent(639).map(({ rid, scaleResolutionDownBy }) => [rid, scaleResolutionDownBy]), [["m", 1], ["l", 2]]);
  assert.deepEqual(sent(319).map(({ rid, scaleResolutionDownBy }) => [rid, scaleResolutionDownBy]), [["l", 1]]);
  assert.deepEqual(cameraLayers(160).map(({ rid }) => rid), ["h", "m", "l"]);
});

test("a screen is sent once, sharp, up to 2 Mbit/s", () => {
  assert.deepEqual(encodings("screen", 1920), [{ maxBitrate: 2_000_000 }]);
  assert.equal(contentHint("screen"), "detail");
  assert.deepEqual(encodings("microphone", 0), [{}]);
});

test("only VP8 is offered", () => {
  const codecs = ["video/VP8", "video/rtx", "video/VP9", "video/H264", "video/red"].map((mimeType) => ({ mimeType }));
  assert.deepEqual(onlyVp8(codecs).map(({ mimeType }) => mimeType), ["video/VP8", "video/rtx"]);
});

const SDP = ["m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10;usedtx=1", "a=mid:0", ""].join("\r\n");

test("losses are repaired, and in an encrypted room silence looks like speech", () => {
  assert.match(askOpus(SDP, false), /^a=fmtp:111 minptime=10;usedtx=1;useinbandfec=1\r$/m);
  assert.match(askOpus(SDP, true), /^a=fmtp:111 minptime=10;usedtx=0;useinbandfec=1;cbr=1\r$/m);
  assert.equal(askOpus(SDP, true).split("\r\n").length, 5);
});

test("an answer without parameters gets them", () => {
  const bare = SDP.replace(/a=fmtp.*\r\n/, "");
  assert.match(askOpus(bare, true), /opus\/48000\/2\r\na=fmtp:111 useinbandfec=1;usedtx=0;cbr=1\r\na=mid:0/);
  assert.equal(askOpus("v=0\r\n", true), "v=0\r\n");
});
