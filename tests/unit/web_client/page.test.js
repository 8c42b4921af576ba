import assert from "node:assert/strict";
import { test } from "node:test";
import { keyIn, withKey } from "../../../web_client/page/key.js";
import { pieces } from "../../../web_client/page/links.js";
import { loudness } from "../../../web_client/page/sound.js";
import { colour, initials } from "../../../web_client/page/tile.js";
import { choose, language, speak, t } from "../../../web_client/page/words.js";

const KEY = "AAAAAAAAAAAAAAAAAAAAAA";

test("links are found, and the sentence around them is not part of them", () => {
  assert.deepEqual(pieces("see https://a.example/x?y=1."), [
    { text: "see " },
    { text: "https://a.example/x?y=1", href: "https://a.example/x?y=1" },
    { text: "." },
  ]);
  assert.equal(pieces("(https://a.example/a_(b))")[1].href, "https://a.example/a_(b)");
});

test("nothing but http is a link, and markup stays text", () => {
  for (const text of ["javascript:alert(1)", "<b>x</b>", "data:text/html,x", "https://", "ftp://a.example"]) {
    assert.deepEqual(pieces(text), [{ text }]);
  }
  assert.equal(pieces('https://a.example/"><script>')[0].href, "https://a.example/");
});

test("the pieces are the whole text", () => {
  const text = "a http://b.example, c\nhttps://d.example/e) f";
  assert.equal(pieces(text).map((piece) => piece.text).join(""), text);
});

test("a key is taken from a link only when it is one", () => {
  assert.equal(keyIn(`#k=${KEY}`), KEY);
  assert.equal(keyIn(`#x=1&k=${KEY}`), KEY);
  for (const hash of ["", "#", `#k=${KEY}A`, "#k=short", "#k=AAAAAAAAAAAAAAAAAAAAA!"]) assert.equal(keyIn(hash), "");
});

test("a link is made whole, or has its key taken away", () => {
  assert.equal(withKey("https://b.example/r/a#old", KEY), `https://b.example/r/a#k=${KEY}`);
  assert.equal(withKey(`https://b.example/r/a#k=${KEY}`, ""), "https://b.example/r/a");
});

test("initials are letters of the first and the last word", () => {
  assert.equal(initials("  ann maria berg "), "AB");
  assert.equal(initials("Émile"), "É");
  assert.equal(initials("👩‍🚀 Zoë")[2], "Z");
  assert.equal(initials(""), "?");
});

test("the same name has the same colour", () => {
  assert.equal(colour("Ann"), colour("Ann"));
  assert.ok(new Set(["Ann", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hal"].map(colour)).size > 2);
});

test("loudness goes from silence to a shout", () => {
  assert.equal(loudness(new Float32Array(64)), 0);
  assert.equal(loudness(new Float32Array(64).fill(0.9)), 1);
  const low = loudness(new Float32Array(64).fill(0.01));
  assert.ok(low > 0.2 && low < 0.7);
});

test("the first language that there is", () => {
  assert.equal(choose([undefined, "fr-FR", "de-AT", "es"]), "de");
  assert.equal(choose(["fr"]), "en");
});

test("words come in the language, with their values", async () => {
  await speak("de");
  assert.equal(language(), "de");
  assert.equal(t("Hello, {name}", { name: "$& {name}" }), "Hallo, $& {name}");
  await speak("en");
  assert.equal(t("Hello, {name}", { name: "Ann" }), "Hello, Ann");
});
