/** The whole chain against torchvision 0.14: decode, Resize, CenterCrop, ToTensor, Normalize. */
import { decodeImage } from '#src/inputs/image/decode';
import { parsePreprocessing } from '#src/inputs/image/parse-preprocessing';
import { imagenetPreprocessing, normalize, preprocessImage, resizedSize } from '#src/inputs/image/preprocess';
import { AttuneError } from '#src/errors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expected, fixture, generated, sha256 } from '../support.js';

for (const { name, resize, crop, normalized_sha256, rows, sha256: hash } of expected.preprocess) {
  test(`${name}, resize ${resize}, crop ${crop}: torchvision's pixels and values`, async () => {
    const settings = imagenetPreprocessing(crop, resize);
    const { width, height, pixels } = preprocessImage(await decodeImage(fixture(name)), settings);
    assert.equal([width, height], [crop, crop]);
    rows.forEach((row, i) => {
      assert.equal([...pixels.subarray(i * 7 * crop * 3, (i * 7 + 1) * crop * 3)], row, `row ${i * 7}`);
    });
    assert.is(sha256(pixels), hash);
    const values = normalize(pixels, settings);
    assert.is(sha256(new Uint8Array(values.buffer)), normalized_sha256);
  });
}

test('the defaults are those of the contract', () => {
  const { resize, crop, interpolation } = imagenetPreprocessing();
  assert.equal([resize, crop, interpolation], [256, 224, 'bilinear']);
  assert.is(imagenetPreprocessing(160).resize, 183);
  assert.is(imagenetPreprocessing(224, 232).resize, 232);
});

test('the long side is rounded down', () => {
  assert.equal(resizedSize({ width: 640, height: 427 }, 256), { width: 383, height: 256 });
  assert.equal(resizedSize({ width: 427, height: 640 }, 256), { width: 256, height: 383 });
  assert.equal(resizedSize({ width: 50, height: 50 }, 256), { width: 256, height: 256 });
});

test('without a crop the whole resized picture is returned', () => {
  const settings = { ...imagenetPreprocessing(), resize: 20, crop: null };
  const { width, height, pixels } = preprocessImage(generated(50, 31, 3), settings);
  assert.equal([width, height, pixels.length], [32, 20, 32 * 20 * 3]);
});

test('a strip is cropped at the cost of the crop, and refused where it would stay whole', () => {
  const strip = generated(60000, 1, 4);
  const settings = imagenetPreprocessing();
  const started = performance.now();
  assert.is(preprocessImage(strip, settings).width, 224);
  assert.ok(performance.now() - started < 1000);
  assert.throws(
    () => preprocessImage(strip, { ...settings, crop: null, resize: 2000 }),
    /would be resized to/,
  );
});

test('normalize writes where it is told', () => {
  const out = new Float32Array(9).fill(7);
  const settings = { mean: [0, 0.5, 1], std: [1, 0.5, 2] } as const;
  normalize(
    Uint8Array.of(255, 255, 255),
    { mean: [...settings.mean], std: [...settings.std] },
    out.subarray(3, 6),
  );
  assert.equal([...out], [7, 7, 7, 1, 1, 0, 7, 7, 7]);
});

test('settings from a file are checked field by field', () => {
  const good = imagenetPreprocessing();
  assert.equal(parsePreprocessing(JSON.parse(JSON.stringify(good)), 'x'), good);
  assert.equal(parsePreprocessing({ ...good, crop: null }, 'x').crop, null);
  const wrong: [string, unknown][] = [
    ['resize', 0],
    ['resize', 1e9],
    ['crop', 22.5],
    ['crop', '224'],
    ['mean.2', [1, 2]],
    ['mean', 'grey'],
    ['mean.1', [0, null, 0]],
    ['std.2', [1, 1, 0]],
    ['interpolation', 'nearest'],
  ];
  for (const [at, value] of wrong) {
    const field = at.split('.')[0];
    assert.throws(
      () => parsePreprocessing({ ...good, [field]: value }, 'run/best.safetensors'),
      (error: unknown) =>
        error instanceof AttuneError &&
        error.what.includes(` at ${at}: `) &&
        error.where === 'run/best.safetensors',
    );
  }
  assert.throws(() => parsePreprocessing(null, 'x'), /settings are wrong/);
});

test.run();
