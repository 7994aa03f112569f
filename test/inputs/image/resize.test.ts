/** Resizing against Pillow, byte for byte. */
import { resizeImage } from '#src/inputs/image/resize';
import { AttuneError } from '#src/errors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expected, generated, sha256 } from '../support.js';

test(`${expected.resize.length} random sizes, bilinear and bicubic, up and down: Pillow's bytes`, () => {
  let larger = 0;
  let smaller = 0;
  for (const { seed, from, to, interpolation, sha256: hash } of expected.resize) {
    const resized = resizeImage(generated(...from, seed), ...to, interpolation);
    assert.equal([resized.width, resized.height], to);
    assert.is(sha256(resized.pixels), hash, `${from} to ${to}, ${interpolation}`);
    if (to[0] > from[0]) larger++;
    if (to[0] < from[0]) smaller++;
  }
  assert.ok(larger >= 20 && smaller >= 20, `${larger} enlarge, ${smaller} shrink`);
});

test('a window is the same piece of the whole result', () => {
  const source = generated(83, 61, 5);
  for (const [width, height] of [
    [40, 29],
    [150, 90],
  ]) {
    const whole = resizeImage(source, width, height);
    const window = { left: 7, top: 11, width: 20, height: 13 };
    const piece = resizeImage(source, width, height, 'bilinear', window);
    for (let row = 0; row < window.height; row++) {
      const from = ((window.top + row) * width + window.left) * 3;
      const expectedRow = whole.pixels.subarray(from, from + window.width * 3);
      assert.equal(piece.pixels.subarray(row * window.width * 3, (row + 1) * window.width * 3), expectedRow);
    }
  }
});

test('the same size returns the same pixels', () => {
  const source = generated(30, 20, 9);
  for (const interpolation of ['bilinear', 'bicubic'] as const) {
    assert.equal(resizeImage(source, 30, 20, interpolation).pixels, source.pixels);
  }
});

test('sizes that make no sense, and windows outside, throw', () => {
  const source = generated(8, 8, 1);
  const refuse = (
    ...rest: [number, number, 'bilinear'?, { left: number; top: number; width: number; height: number }?]
  ) =>
    assert.throws(
      () => resizeImage(source, ...rest),
      (error: unknown) => error instanceof AttuneError && error.code === 'input',
    );
  refuse(0, 4);
  refuse(4, 2.5);
  refuse(4, Number.NaN);
  refuse(4, 4, 'bilinear', { left: 1, top: 0, width: 4, height: 4 });
  refuse(4, 4, 'bilinear', { left: -1, top: 0, width: 4, height: 4 });
});

test('an interpolation that is none is refused, also one that every object has', () => {
  const image = generated(4, 4, 1);
  const resized = (name: string) => () => resizeImage(image, 2, 2, name as 'bilinear');
  assert.throws(
    resized('constructor'),
    /^there is no interpolation constructor .*: choose bilinear or bicubic$/,
  );
  assert.throws(resized('toString'), /^there is no interpolation toString/);
  assert.throws(resized('bilinaer'), /did you mean bilinear\?$/);
});

test.run();
