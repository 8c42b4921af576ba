// Where tiles stand: pure geometry, in CSS pixels.

/** @typedef {{left: number, top: number, width: number, height: number}} Rect */

const GAP = 8;
// Faces are cut off beyond these shapes (width to height).
const TALLEST = 0.72;
const WIDEST = 16 / 9;
// A tile below this says nothing any more: the rest is counted in a last tile.
const SMALLEST = 100;
const MOST = 25;
// A strip beside or below something large.
const STRIP = { share: 0.2, least: 148, most: 260, low: 84, high: 132 };

/**
 * The columns that make tiles largest.
 * @param {number} count ≥ 1
 * @param {number} width of the whole
 * @param {number} height of the whole
 * @returns {{columns: number, width: number, height: number}} columns and the size of a tile
 */
export function best(count, width, height) {
  let found = { columns: 1, width: 0, height: 0 };
  let largest = -1;
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const tile = shaped((width - GAP * (columns - 1)) / columns, (height - GAP * (rows - 1)) / rows);
    const area = tile.width * tile.height;
    if (area > largest) {
      largest = area;
      found = { columns, ...tile };
    }
  }
  return found;
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

/**
 * How many of them are large enough to be seen.
 * @param {number} count @param {number} width @param {number} height
 */
export function fitting(count, width, height) {
  let shown = Math.min(count, MOST);
  while (shown > 1 && best(shown, width, height).width < SMALLEST) shown--;
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
 * One large, the others in a strip: beside it in a wide window, below it in a tall one.
 * @param {number} others how many there are for the strip @param {number} width @param {number} height
 * @returns {Rect[]} the large one first; fewer of the others where not all fit
 */
export function stage(others, width, height) {
  if (!others) return [{ left: 0, top: 0, width, height }];
  return width >= height ? beside(others, width, height) : below(others, width, height);
}

/** @param {number} others @param {number} width @param {number} height */
function beside(others, width, height) {
  const w = Math.round(Math.min(STRIP.most, Math.max(STRIP.least, width * STRIP.share)));
  const h = Math.round(w / WIDEST);
  const shown = Math.max(1, Math.min(others, Math.floor((height + GAP) / (h + GAP))));
  const top = (height - shown * h - GAP * (shown - 1)) / 2;
  const strip = Array.from({ length: shown }, (_, index) => ({
    left: width - w,
    top: Math.round(top + index * (h + GAP)),
    width: w,
    height: h,
  }));
  return [{ left: 0, top: 0, width: width - w - GAP, height }, ...strip];
}

/** @param {number} others @param {number} width @param {number} height */
function below(others, width, height) {
  const h = Math.round(Math.min(STRIP.high, Math.max(STRIP.low, height * STRIP.share)));
  const columns = Math.max(1, Math.floor((width + GAP) / (h * 0.8 + GAP)));
  const shown = Math.min(others, columns);
  const w = Math.floor(Math.min(h * WIDEST, (width - GAP * (shown - 1)) / shown));
  const left = (width - shown * w - GAP * (shown - 1)) / 2;
  const strip = Array.from({ length: shown }, (_, index) => ({
    left: Math.round(left + index * (w + GAP)),
    top: height - h,
    width: w,
    height: h,
  }));
  return [{ left: 0, top: 0, width, height: height - h - GAP }, ...strip];
}

/**
 * Which of the three sizes of a picture a tile needs.
 * @param {number} width of the tile
 * @returns {0 | 1 | 2}
 */
export function layer(width) {
  return width <= 240 ? 0 : width <= 520 ? 1 : 2;
}
