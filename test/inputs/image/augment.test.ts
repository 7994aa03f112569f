/** Augmentation against torchvision 0.14, and its random numbers. */
import { readFileSync } from 'node:fs';
import { augmentImage, checkAugmentation, cropFromDraws, flipLeftRight } from '#src/inputs/image/augment';
import { decodeImage } from '#src/inputs/image/decode';
import {
  cropImage,
  imagenetPreprocessing,
  preprocessImage,
  roundHalfToEven,
} from '#src/inputs/image/preprocess';
import { purpose, seededRandom } from '#src/inputs/random';
import { resizeImage } from '#src/inputs/image/resize';
import { AttuneError } from '#src/errors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expected, fixture, generated, sha256 } from '../support.js';

interface AugmentFixture {
  /** width, height, least and largest scale, seed, draws used, left, top, crop width and height */
  geometry: number[][];
  pixels: { size: [number, number]; side: number; seed: number; flipped: boolean; sha256: string }[];
}

const torchvision: AugmentFixture = JSON.parse(readFileSync(fixture('augment.json'), 'utf8'));

/** The numbers that make-augment-fixture.py gave to torchvision. */
function draws(seed: number) {
  let state = seed;
  const source = {
    used: 0,
    next() {
      source.used++;
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    },
  };
  return source;
}

const standard = { kind: 'standard', scale: [0.08, 1] } as const;

test(`${torchvision.geometry.length} crops from torchvision's own draws: its rectangle, its number of draws`, () => {
  let fallbacks = 0;
  let secondAttempts = 0;
  for (const [
    width,
    height,
    least,
    largest,
    seed,
    used,
    left,
    top,
    cropWidth,
    cropHeight,
  ] of torchvision.geometry) {
    const source = draws(seed);
    const crop = cropFromDraws({ width, height }, [least, largest], source.next);
    const place = `${width} x ${height}, ${least} to ${largest}, seed ${seed}`;
    assert.equal(crop, { left, top, width: cropWidth, height: cropHeight }, place);
    assert.is(source.used, used, place);
    if (used === 20) fallbacks++;
    else if (used > 4) secondAttempts++;
  }
  assert.ok(fallbacks >= 10 && secondAttempts >= 20, `${fallbacks} fallbacks, ${secondAttempts} repeats`);
});

test(`${torchvision.pixels.length} pictures, cropped, resized and mirrored: torchvision's bytes`, () => {
  for (const { size, side, seed, flipped, sha256: hash } of torchvision.pixels) {
    const source = draws(seed);
    const image = generated(...size, seed);
    const crop = cropFromDraws(image, [0.1, 1], source.next);
    const view = resizeImage(cropImage(image, crop), side, side);
    if (source.next() < 0.5) flipLeftRight(view);
    assert.is(sha256(view.pixels), hash, `${size} to ${side}, seed ${seed}, flipped ${flipped}`);
  }
});

test('augmentImage takes its draws in that order from seed, epoch and index', () => {
  const image = generated(70, 50, 3);
  for (let index = 0; index < 8; index++) {
    const { uniform } = seededRandom(5, purpose.augmentation, 2, index);
    const view = resizeImage(cropImage(image, cropFromDraws(image, standard.scale, uniform)), 24, 24);
    if (uniform() < 0.5) flipLeftRight(view);
    assert.equal(augmentImage(image, 24, standard, { seed: 5, epoch: 2, index }), view, `index ${index}`);
  }
});

test('the same seed, epoch and index give the same pixels; another of any gives others', () => {
  const image = generated(80, 60, 1);
  const view = (seed: number, epoch: number, index: number) =>
    sha256(augmentImage(image, 32, standard, { seed, epoch, index }).pixels);
  assert.is(view(42, 0, 0), view(42, 0, 0));
  const different = new Set([view(42, 0, 0), view(43, 0, 0), view(42, 1, 0), view(42, 0, 1), view(42, 1, 1)]);
  assert.is(different.size, 5);
});

test('over many draws: areas fill the range evenly, half is mirrored, every place is reached', () => {
  const image = { width: 400, height: 300 };
  const count = 4000;
  let [area, mirrored, atLeft, atRight] = [0, 0, 0, 0];
  for (let index = 0; index < count; index++) {
    const { uniform } = seededRandom(1, purpose.augmentation, 0, index);
    const crop = cropFromDraws(image, [0.25, 0.5], uniform);
    area += (crop.width * crop.height) / (400 * 300) / count;
    if (crop.left < (400 - crop.width) / 4) atLeft++;
    if (crop.left > ((400 - crop.width) * 3) / 4) atRight++;
    if (uniform() < 0.5) mirrored++;
  }
  // Five standard errors; the area is uniform from 0.25 to 0.5.
  assert.ok(Math.abs(area - 0.375) < (5 * 0.25) / Math.sqrt(12 * count), `mean area ${area}`);
  assert.ok(Math.abs(mirrored - count / 2) < 2.5 * Math.sqrt(count), `${mirrored} mirrored`);
  for (const near of [atLeft, atRight]) {
    assert.ok(Math.abs(near - count / 4) < 5 * Math.sqrt((count * 3) / 16), `${near} near a side`);
  }
});

test('none is the evaluation crop to the bit; flip is that crop or its mirror image', async () => {
  for (const { name, resize, crop } of expected.preprocess) {
    const evaluation = imagenetPreprocessing(crop, resize);
    const decoded = await decodeImage(fixture(name));
    const plain = preprocessImage(decoded, evaluation);
    const mirrored = { ...plain, pixels: plain.pixels.slice() };
    flipLeftRight(mirrored);
    const seen = new Set<string>();
    for (const cached of [preprocessImage(decoded, { ...evaluation, crop: null }), plain]) {
      for (let index = 0; index < 12; index++) {
        const sample = { seed: 1, epoch: 1, index };
        assert.equal(augmentImage(cached, crop, { kind: 'none' }, sample), plain, name);
        const flipped = augmentImage(cached, crop, { kind: 'flip' }, sample);
        const isPlain = sha256(flipped.pixels) === sha256(plain.pixels);
        assert.equal(flipped, isPlain ? plain : mirrored, name);
        seen.add(isPlain ? 'plain' : 'mirrored');
      }
    }
    assert.is(seen.size, 2, name);
  }
});

test('the picture that is augmented stays as it was', () => {
  const image = generated(32, 32, 4);
  const before = image.pixels.slice();
  for (let index = 0; index < 6; index++) {
    for (const augmentation of [{ kind: 'none' }, { kind: 'flip' }, standard] as const) {
      const { pixels } = augmentImage(image, 32, augmentation, { seed: 1, epoch: 1, index });
      pixels.fill(0);
    }
  }
  assert.equal(image.pixels, before);
});

test('mirroring exchanges whole pixels, an odd middle column stays', () => {
  for (const width of [1, 2, 5, 8]) {
    const image = generated(width, 3, width);
    const pixelAt = (pixels: Uint8Array, x: number, y: number) => [
      ...pixels.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
    ];
    const view = { ...image, pixels: image.pixels.slice() };
    flipLeftRight(view);
    for (let y = 0; y < 3; y++) {
      for (let x = 0; x < width; x++) {
        assert.equal(pixelAt(view.pixels, x, y), pixelAt(image.pixels, width - 1 - x, y));
      }
    }
    flipLeftRight(view);
    assert.equal(view, image);
  }
});

test('halves are rounded to the even neighbour', () => {
  const cases: [number, number][] = [
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [3.5, 4],
    [2.4999, 2],
    [2.5001, 3],
    [7, 7],
    [-0.75, -1],
    [-1.5, -2],
    [-2.5, -2],
  ];
  for (const [value, rounded] of cases) assert.is(roundHalfToEven(value), rounded, String(value));
});

test('a range of areas that makes no sense is wrong usage', () => {
  for (const scale of [
    [0, 1],
    [0.5, 0.4],
    [0.5, 1.1],
    [Number.NaN, 1],
    [0.1, Number.NaN],
  ] as const) {
    assert.throws(
      () => checkAugmentation({ kind: 'standard', scale }),
      (error: unknown) => error instanceof AttuneError && error.code === 'usage',
    );
  }
  for (const augmentation of [standard, { kind: 'none' }, { kind: 'flip' }] as const) {
    checkAugmentation(augmentation);
  }
});

test.run();
