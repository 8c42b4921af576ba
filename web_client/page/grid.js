// Where tiles stand: pure geometry, in CSS pixels.

/** @typedef {{left: number, top: number, width: number, height: number}} Rect */

const GAP = 8;
// Faces are cut off beyond these shapes (width to height).
const TALLEST = 0.72;
const WIDEST = 16 / 9;
// A tile below this says nothing any more: the rest is counted in a last tile.
const SMALLEST = { width: 100, height: 72 };
const MOST = 25;
// A strip beside or below something large.
const STRIP = { share: 0.2, least: 148, most: 260, low: 84, high: 140 };

/**
 * The columns that make tiles largest.
 * @param {number} count ≥ 1
 * @param {number} width of the whole
 * @param {number} height of the whole
 * @returns {{columns: number, width: number, height: number}} columns and the size of a tile
 */
export function best(count, width, height) {
  const all = Array.from({ length: count }, (_, index) => {
    const columns = index + 1;
    const rows = Math.ceil(count / columns);
    return { columns, ...shaped((width - GAP * (columns - 1)) / columns, (height - GAP * (rows - 1)) / rows) };
  });
  const seen = all.filter(large);
  return (seen.length ? seen : all).reduce((most, tile) => (tile.width * tile.height > most.width * most.height ? tile : most));
}

/**
 * The largest tile of a shape that suits a face within a cell.
 *
 * @param {number} width
 * @param {number} height
 */
function shaped(width, height) {
  const [w, h] = [Math.max(0, width), Math.max(0, height)];
  if (w > h * WIDEST) return { width: Math.floor(h * WIDEST), height: Math.floor(h) };
  if (w < h * TALLEST) return { width: Math.floor(w), height: Math.floor(w / TALLEST) };
  return { width: Math.floor(w), height: Math.floor(h) };
}

/** @param {{width: number, height: number}} tile */
function large({ width, height }) {
  return width >= SMALLEST.width && height >= SMALLEST.height;
}

/**
 * How many of them are large enough to be seen.
 * @param {number} count @param {number} width @param {number} height
 */
export function fitting(count, width, height) {
  let shown = Math.min(count, MOST);
  while (shown > 1 && !large(best(shown, width, height))) shown--;
  return shown;
}

/**
 * A grid of equal tiles in the middle, the last row centred.
 * @param {number} count @param {number} width @param {number} height
 * @returns {Rect[]} at most `count`; fewer where they would be too small
 */
export function grid(count, width, height) {
  const shown = fitting(count, width, height);
  if (!shown) return [];
  const { columns, width: w, height: h } = best(shown, width, height);
  const rows = Math.ceil(shown / columns);
  const top = (height - rows * h - GAP * (rows - 1)) / 2;
  return Array.from({ length: shown }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = row === rows - 1 ? shown - columns * (rows - 1) : columns;
    const left = (width - inRow * w - GAP * (inRow - 1)) / 2;
    return {
      left: Math.round(left + (index % columns) * (w + GAP)),
      top: Math.round(top + row * (h + GAP)),
      width: w,
      height: h,
    };
  });
}

/**
 * One large, the others beside it in a wide window, below it in a tall one.
 *
 * @param {number} others how many there are
 * @param {number} width
 * @param {number} height
 * @param {number} [ratio] width to height of what is large, if it is to be seen whole
 * @returns {Rect[]} the large one first; fewer of the others where not all fit
 */
export function stage(others, width, height, ratio = 0) {
  if (!others) return [{ left: 0, top: 0, width, height }];
  return width >= height ? beside(others, width, height) : below(others, width, height, ratio);
}

/** @param {number} others @param {number} width @param {number} height */
function beside(others, width, height) {
  const w = Math.round(Math.min(STRIP.most, Math.max(STRIP.least, width * STRIP.share)));
  const h = Math.round(w / WIDEST);
  const main = { left: 0, top: 0, width: width - w - GAP, height };
  const whole = others * (h + GAP) - GAP <= height;
  if (!whole) return [main, ...moved(grid(others, w, height), width - w, 0)];
  const top = (height - others * (h + GAP) + GAP) / 2;
  const strip = Array.from({ length: others }, (_, index) => ({ left: width - w, top: Math.round(top + index * (h + GAP)), width: w, height: h }));
  return [main, ...strip];
}

/** @param {number} others @param {number} width @param {number} height @param {number} ratio */
function below(others, width, height, ratio) {
  const rows = others > 3 ? 2 : 1;
  const strip = Math.round(Math.min(STRIP.high, Math.max(STRIP.low, height * STRIP.share))) * rows;
  const room = height - strip - GAP;
  const h = ratio ? Math.min(room, Math.max(Math.ceil(width / ratio), Math.round(height / 3))) : room;
  const rest = height - h - GAP;
  return [{ left: 0, top: 0, width, height: h }, ...moved(grid(others, width, rest), 0, h + GAP)];
}

/** @param {Rect[]} rects @param {number} left @param {number} top */
function moved(rects, left, top) {
  return rects.map((rect) => ({ ...rect, left: rect.left + left, top: rect.top + top }));
}

/**
 * Which of the three sizes of a picture a tile needs.
 * @param {number} width of the tile
 * @returns {0 | 1 | 2}
 */
export function layer(width) {
  return width <= 240 ? 0 : width <= 520 ? 1 : 2;
}
