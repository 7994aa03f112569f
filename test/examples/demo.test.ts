/** The demo: garments are placed the same everywhere, and what is shipped is what its README says. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { PNG } from 'pngjs';
import type { Comparison } from '#src/examples/demo/compare';
import { IMAGES, WEIGHTS } from '#src/examples/demo/files';
import { predictionsPicture } from '#src/examples/demo/picture';
import { GARMENT_SIDE, placeGarment, placeOf, SIDE } from '#src/examples/demo/placing';
import { gainOver, summarize, summaryTable } from '#src/examples/demo/summary';
import { imageFolder } from '#src/inputs/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** A bright bar with a dark half, so that turning, mirroring and moving all show. */
const garment = Uint8Array.from({ length: GARMENT_SIDE ** 2 }, (_, at) => {
  const [x, y] = [at % GARMENT_SIDE, Math.floor(at / GARMENT_SIDE)];
  if (y < 10 || y >= 18) return 0;
  return x < 14 ? 240 : 90;
});

test('a garment is placed the same every time, and each elsewhere', () => {
  const placed = Array.from({ length: 50 }, (_, index) => placeGarment(garment, placeOf(index, 42)));
  const digest = createHash('sha256');
  for (const image of placed) digest.update(image);
  assert.is(digest.digest('hex'), '3ff3685bf6ab981700e3ac3e23f47493dc7ef7a7da5e1ace61b5738b85d64972');
  assert.is(new Set(placed.map((image) => image.join())).size, placed.length);
  assert.not.equal(placeGarment(garment, placeOf(0, 43)), placed[0]);
});

test('scale, angle and position fill their ranges and stay in them', () => {
  const places = Array.from({ length: 1000 }, (_, index) => placeOf(index, 42));
  const range = (values: number[]) => [Math.min(...values), Math.max(...values)];
  const [leastScale, largestScale] = range(places.map(({ scale }) => scale));
  assert.ok(leastScale >= 0.55 && leastScale < 0.56 && largestScale > 0.99 && largestScale <= 1);
  const [leastAngle, largestAngle] = range(places.map(({ angle }) => (angle * 180) / Math.PI));
  assert.ok(leastAngle >= -25 && leastAngle < -24 && largestAngle > 24 && largestAngle <= 25);
  for (const { scale, x, y } of places) {
    const half = (scale * GARMENT_SIDE) / 2;
    for (const centre of [x, y]) assert.ok(centre >= half && centre <= SIDE - half, `${centre} of ${scale}`);
  }
});

test('a garment that is not turned or scaled is moved whole', () => {
  const placed = placeGarment(garment, { scale: 1, angle: 0, x: 17, y: 15 });
  const at = (x: number, y: number) => placed[y * SIDE + x];
  // Its upper left corner is at (3, 1); away from edges, samples are the pixel itself.
  assert.is(at(3 + 5, 1 + 13), 240);
  assert.is(at(3 + 20, 1 + 13), 90);
  assert.is(at(3 + 5, 1 + 5), 0);
});

test('turning is clockwise, scaling keeps the centre', () => {
  const turned = placeGarment(garment, { scale: 1, angle: (25 * Math.PI) / 180, x: 16, y: 16 });
  const centreOf = (image: Uint8Array) => {
    let [sum, x, y] = [0, 0, 0];
    image.forEach((value, at) => {
      sum += value;
      x += value * ((at % SIDE) + 0.5);
      y += value * (Math.floor(at / SIDE) + 0.5);
    });
    return { sum, x: x / sum, y: y / sum };
  };
  // The bright half is to the left: clockwise, with y pointing down, it rises.
  assert.ok(centreOf(turned).y < 15 && centreOf(turned).x < 15);
  const [large, small] = [1, 0.6].map((scale) =>
    centreOf(placeGarment(garment, { scale, angle: 0, x: 16, y: 16 })),
  );
  assert.ok(Math.abs(small.sum / large.sum - 0.36) < 0.01, `${small.sum / large.sum}`);
});

test('ten training and a hundred test images of each class are shipped, grey, no image twice', async () => {
  const { classes, train, val, test: tested } = await imageFolder(IMAGES);
  assert.equal(classes, ['bag', 'pullover', 'sandal']);
  assert.is(val, null);
  const count = (images: readonly { label: number }[] | null) =>
    classes.map((_, label) => images?.filter((image) => image.label === label).length);
  assert.equal(count(train), [10, 10, 10]);
  assert.equal(count(tested), [100, 100, 100]);
  const files = [...train, ...(tested ?? [])].map(({ path }) => readFileSync(path));
  assert.is(new Set(files.map((file) => file.toString('base64'))).size, 330);
  for (const file of files) {
    const { width, height, color } = PNG.sync.read(file) as PNG & { color: boolean };
    assert.equal([width, height, color], [SIDE, SIDE, false]);
  }
  const total = files.reduce((sum, file) => sum + file.length, 0);
  assert.ok(total < 400_000, `${total} bytes`);
  assert.ok(statSync(WEIGHTS).size <= 3_000_000);
});

test('mean and deviation', () => {
  assert.equal(summarize([0.5]), { mean: 0.5, deviation: null });
  assert.equal(summarize([1, 2, 3, 4]), { mean: 2.5, deviation: Math.sqrt(5 / 3) });
});

test('the table has every method, the picture every image', () => {
  const accuracies = { pixels: [0.6, 0.6], probe: [0.9, 0.9], full: [0.97, 0.95], scratch: [0.8, 0.9] };
  const comparison: Comparison = {
    device: { kind: 'cpu', adapter: 'a processor', software: false },
    accuracies,
  };
  const lines = summaryTable(comparison, [1, 2]);
  assert.is(lines.length, 5);
  assert.match(lines[2], /^full +97\.0 +95\.0 +96\.0 +1\.4 /);
  assert.ok(Math.abs(gainOver('scratch', comparison) - 11) < 1e-9);

  const pixels = new Uint8Array(3 * SIDE * SIDE).fill(200);
  const image = { pixels, predicted: 'bag', isRight: true };
  const png = PNG.sync.read(Buffer.from(predictionsPicture([image, { ...image, isRight: false }])));
  const colours = new Set<string>();
  for (let at = 0; at < png.data.length; at += 4) colours.add(png.data.subarray(at, at + 3).join());
  // Background, a right frame, a wrong one, and the images.
  assert.equal([...colours].sort(), ['200,200,200', '235,64,52', '24,24,28', '60,180,90']);
});

test.run();
