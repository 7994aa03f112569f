/** Resizing with SIMD: the bytes of the plain loops, whatever the sizes, the window and the blocks. */
import { resizePlain } from '#src/inputs/image/resize-plain';
import { resizeSimd } from '#src/inputs/image/resize-simd';
import { type Interpolation, sampleWeights } from '#src/inputs/image/sample-weights';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { generated } from '../support.js';

/** Numbers in [0, 1), the same at every run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Compares both ways for one picture and a window of the result; `blockBytes` chooses the blocks. */
function compare(
  image: { width: number; height: number; pixels: Uint8Array },
  [width, height]: readonly [number, number],
  window: { left: number; top: number; width: number; height: number },
  interpolation: Interpolation,
  blockBytes?: number,
): void {
  const across = sampleWeights(interpolation, image.width, width, window.left, window.width);
  const down = sampleWeights(interpolation, image.height, height, window.top, window.height);
  const expected = resizePlain(image, across, down);
  const found = resizeSimd(image, across, down, blockBytes);
  const what = `${image.width} x ${image.height} to ${width} x ${height}, ${interpolation}, blocks of ${blockBytes}`;
  assert.ok(Buffer.from(found).equals(Buffer.from(expected)), what);
}

test('400 random pictures, sizes, windows and blocks', () => {
  const random = randomNumbers(5);
  const size = (most: number) => 1 + Math.floor(random() ** 2 * most);
  for (let i = 0; i < 400; i++) {
    const image = generated(size(180), size(120), i);
    // Only black and white: the overshoot of bicubic has to be limited.
    if (i % 3 === 0)
      for (let at = 0; at < image.pixels.length; at++) image.pixels[at] = random() < 0.5 ? 0 : 255;
    const [width, height] = [size(150), size(150)];
    const [left, top] = [Math.floor(random() * width), Math.floor(random() * height)];
    const window =
      i % 2 === 0
        ? { left: 0, top: 0, width, height }
        : {
            left,
            top,
            width: 1 + Math.floor(random() * (width - left)),
            height: 1 + Math.floor(random() * (height - top)),
          };
    const blockBytes = [undefined, 1, 2000, 20_000][i % 4];
    compare(image, [width, height], window, i % 5 < 3 ? 'bilinear' : 'bicubic', blockBytes);
  }
});

test('strips, thousands of taps, and a picture of several blocks', () => {
  const whole = (width: number, height: number) => ({ left: 0, top: 0, width, height });
  compare(generated(9000, 2, 1), [2, 1], whole(2, 1), 'bilinear');
  compare(generated(2, 9000, 2), [1, 2], whole(1, 2), 'bicubic');
  compare(generated(1, 1, 3), [300, 200], whole(300, 200), 'bicubic');
  compare(generated(2000, 1500, 4), [341, 256], whole(341, 256), 'bilinear');
});

test.run();
