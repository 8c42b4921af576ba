// Links in what people write.

const LINK = /\bhttps?:\/\/[^\s<>"]+/gi;
const TRAILING = /[.,;:!?'’»)\]}]+$/;

/**
 * A text in pieces, some of which are links.
 * @param {string} text
 * @returns {{text: string, href?: string}[]}
 */
export function pieces(text) {
  const found = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const href = trimmed(match[0]);
    if (!parses(href)) continue;
    const at = match.index ?? 0;
    if (at > from) found.push({ text: text.slice(from, at) });
    found.push({ text: href, href });
    from = at + href.length;
  }
  if (from < text.length) found.push({ text: text.slice(from) });
  return found;
}

/**
 * Without the punctuation of the sentence around it; a closing bracket that was opened in it stays.
 *
 * @param {string} link
 */
function trimmed(link) {
  let short = link.replace(TRAILING, "");
  if (link[short.length] === ")" && short.split("(").length > short.split(")").length) short += ")";
  return short;
}

/** @param {string} href */
function parses(href) {
  try {
    return Boolean(new URL(href).host);
  } catch {
    return false;
  }
}
