import assert from "node:assert/strict";
import { test } from "node:test";
import { best, fitting, grid, layer, stage } from "../../../web_client/page/grid.js";

const SHAPES = [[344, 480], [360, 560], [740, 250], [1264, 690], [1900, 950], [320, 320]];

/** @param {{left: number, top: number, width: number, height: number}[]} rects @param {number} width @param {number} height */
function inside(rects, width, height) {
  for (const { left, top, width: w, height: h } of rects) {
    assert.ok(left >= 0 && top >= 0 && left + w <= width + 1 && top + h <= height + 1, JSON.stringify(rects));
  }
}

/** @param {{left: number, top: number, width: number, height: number}[]} rects */
function apart(rects) {
  rects.forEach((one, index) => {
    for (const other of rects.slice(index + 1)) {
      const over = one.left < other.left + other.width && other.left < one.left + one.width && one.top < other.top + other.height && other.top < one.top + one.height;
      assert.ok(!over, `${JSON.stringify(one)} lies over ${JSON.stringify(other)}`);
    }
  });
}

test("tiles stand inside, and never over each other, in every window", () => {
  for (const [width, height] of SHAPES) {
    for (let count = 1; count <= 60; count++) {
      for (const rects of [grid(count, width, height), stage(count, width, height), stage(count, width, height, 16 / 9)]) {
        inside(rects, width, height);
        apart(rects);
      }
    }
  }
});

test("a phone stacks two, a desk puts them side by side", () => {
  assert.equal(best(2, 344, 480).columns, 1);
  assert.equal(best(2, 1264, 690).columns, 2);
  assert.equal(best(5, 344, 480).columns, 2);
  assert.equal(best(16, 1264, 690).columns, 4);
});

test("the last row stands in the middle", () => {
  const rects = grid(5, 1264, 690);
  const last = rects.slice(3);
  const middle = (last[0].left + last[1].left + last[1].width) / 2;
  assert.ok(Math.abs(middle - 632) <= 1);
});

test("faces are never cut to a sliver", () => {
  for (const [width, height] of SHAPES) {
    for (let count = 1; count <= 25; count++) {
      const tile = best(count, width, height);
      if (tile.height < 20) continue;
      assert.ok(tile.width / tile.height > 0.7 && tile.width / tile.height < 1.8, `${count} in ${width}×${height}`);
    }
  }
});

test("what would be too small is not shown", () => {
  assert.ok(fitting(100, 344, 480) < 30);
  assert.equal(fitting(100, 1900, 950), 25);
  assert.equal(fitting(16, 344, 480), 16);
  assert.equal(grid(0, 344, 480).length, 0);
});

test("what is large is the largest, and a screen on a phone is no higher than it needs", () => {
  for (const [width, height] of SHAPES) {
    const [main, ...others] = stage(4, width, height);
    for (const other of others) assert.ok(main.width * main.height > other.width * other.height);
  }
  assert.deepEqual(stage(0, 344, 480), [{ left: 0, top: 0, width: 344, height: 480 }]);
  assert.ok(stage(4, 344, 480, 16 / 9)[0].height <= 200);
});

test("a picture is asked for in the size of its tile", () => {
  assert.deepEqual([1, 240, 241, 520, 521].map(layer), [0, 0, 1, 1, 2]);
});
