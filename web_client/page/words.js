// The words people see: English in the source, other languages in one module each, loaded only when needed.

export const LANGUAGES = ["en", "de", "es"];

/** @type {Record<string, string>} */
let catalogue = {};
let current = "en";

/** The language that is shown. */
export function language() {
  return current;
}

/**
 * The first of the wanted languages that there is.
 * @param {readonly (string | undefined)[]} wanted such as "de-AT"
 */
export function choose(wanted) {
  const short = wanted.map((each) => (each ?? "").slice(0, 2).toLowerCase());
  return short.find((each) => LANGUAGES.includes(each)) ?? "en";
}

/**
 * Load a language's words; English when they cannot be had.
 *
 * @param {string} wanted one of LANGUAGES
 */
export async function speak(wanted) {
  catalogue = {};
  current = "en";
  try {
    if (wanted === "de") catalogue = (await import("./words-de.js")).words;
    if (wanted === "es") catalogue = (await import("./words-es.js")).words;
    current = wanted;
  } catch {
    // The page in English is better than no page.
  }
}

/**
 * A text in the language that is shown. Always called with a literal, so that a test finds every one.
 * @param {string} text with placeholders as {name}
 * @param {Record<string, string | number>} [values] for the placeholders
 */
export function t(text, values = {}) {
  return (catalogue[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** Translate what room.html has in English: elements with data-t, and the attributes named in data-t-attributes. */
export function translate(root = document) {
  document.documentElement.lang = current;
  for (const element of root.querySelectorAll("[data-t]")) {
    const text = (element.textContent ?? "").trim();
    element.textContent = catalogue[text] ?? text;
  }
  for (const element of root.querySelectorAll("[data-t-attributes]")) {
    for (const name of (element.getAttribute("data-t-attributes") ?? "").split(" ")) {
      const text = element.getAttribute(name) ?? "";
      element.setAttribute(name, catalogue[text] ?? text);
    }
  }
}
