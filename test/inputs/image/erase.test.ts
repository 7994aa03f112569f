/** Random erasing against torchvision 0.14, and how much of the pictures it takes. */
import { readFileSync } from 'node:fs';
import { boxFromDraws, erasedBox } from '#src/inputs/image/erase';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fixture } from '../support.js';

/** width, height, seed, draws used, top, left, bottom and right */
const torchvision: number[][] = JSON.parse(readFileSync(fixture('erase.json'), 'utf8'));

test(`${torchvision.length} rectangles from torchvision's own draws, and as many of them`, () => {
  let again = 0;
  for (const [width, height, seed, used, ...box] of torchvision as [number, number, number, number][]) {
    let state = seed;
    let drawn = 0;
    const draw = () => {
      drawn++;
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    assert.equal(boxFromDraws({ width, height }, draw), box, `${width} x ${height}, seed ${seed}`);
    assert.is(drawn, used);
    if (used > 4) again++;
  }
  assert.ok(again >= 10, `${again} did not fit at first`);
});

test('a quarter of the pictures loses 17.5 % of its area: 4.4 % in all', () => {
  const side = 224;
  const boxes = Array.from({ length: 20_000 }, (_, index) =>
    erasedBox(side, 0.25, { seed: 3, epoch: 1, index }),
  );
  const areas = boxes.map(([top, left, bottom, right]) => ((bottom - top) * (right - left)) / side ** 2);
  const erased = areas.filter((area) => area > 0);
  assert.ok(Math.abs(erased.length / 20_000 - 0.25) < 0.01, `${erased.length}`);
  const mean = areas.reduce((sum, area) => sum + area, 0) / 20_000;
  // (0.02 + 0.33) / 2 of the area, a little less as the long ones of the large do not fit.
  console.log(`# erased in all: ${(100 * mean).toFixed(2)} %`);
  assert.ok(Math.abs(mean - 0.25 * 0.175) < 0.002, `${mean}`);
  assert.ok(Math.min(...erased) > 0.018 && Math.max(...erased) < 0.335);
});

test('what is erased is a function of seed, epoch and place', () => {
  const box = (seed: number, epoch: number, index: number) =>
    erasedBox(64, 1, { seed, epoch, index }).join(' ');
  assert.is(box(1, 2, 3), box(1, 2, 3));
  assert.is(new Set([box(1, 2, 3), box(2, 2, 3), box(1, 3, 3), box(1, 2, 4)]).size, 4);
  assert.equal(erasedBox(64, 0, { seed: 1, epoch: 2, index: 3 }), [0, 0, 0, 0]);
});

test.run();
