/** The SIMD entries of kernels on images as bytes against their plain loops, and with other shares per thread. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { open } from '#src/engine/open';
import { gaussianBlur } from '#src/ops/gaussian-blur';
import { normalizeImages } from '#src/ops/normalize-images';
import { tensor } from '#src/tensor/tensor';
import { assertSameBytes } from '../ops/support.js';
import { generator } from './cpu-harness.js';

const devices = await Promise.all([
  open('cpu', { threads: 1 }),
  open('cpu', { threads: 3 }),
  open('cpu', { simd: 'off' }),
]);

test('images of every size up to 40 pixels, and one of several shares, are normalised as by the plain loop', async () => {
  const [mean, deviation] = [
    [0.485, 0.456, 0.406],
    [0.229, 0.224, 0.225],
  ] as const;
  const random = generator(3);
  for (const pixels of [...Array.from({ length: 40 }, (_, i) => i + 1), 20_011]) {
    const bytes = Uint8Array.from({ length: 3 * pixels }, () => 256 * random());
    const [one, three, plain] = await Promise.all(
      devices.map((device) =>
        device.run(() => normalizeImages(tensor(bytes, [1, 1, pixels, 3]), mean, deviation)),
      ),
    );
    assert.equal(one, three, `${pixels} pixels, other threads`);
    for (const [i, value] of plain.entries()) {
      // Three roundings, of numbers below 1 that are divided by the deviation.
      const error = Math.abs(one[i]! - value);
      assert.ok(error <= 8 * 2 ** -24, `element ${i} of ${pixels} pixels: ${one[i]}, not ${value}`);
    }
  }
});

test('rows of every length from 3 to 24 pixels are blurred as by the plain loops', async () => {
  const random = generator(9);
  for (let width = 3; width <= 24; width++) {
    const [height, size] = [width + 3, width < 12 ? 5 : 23];
    const shape = [2, height, width, 3];
    const images = Uint8Array.from({ length: 2 * height * width * 3 }, () => 256 * random());
    const sigmas = [0, 0.5 + 2 * random()];
    const [one, three, plain] = await Promise.all(
      devices.map((device) => device.run(() => gaussianBlur(tensor(images, shape), size, sigmas))),
    );
    assert.equal(one, three, `${width} pixels, other threads`);
    assertSameBytes(one, plain, `${width} pixels, plain loops`);
    assert.equal(one.subarray(0, images.length / 2), images.subarray(0, images.length / 2), 'no blur');
    assert.not.equal(one.subarray(images.length / 2), images.subarray(images.length / 2), 'blur');
  }
});

test.after(async () => {
  for (const device of devices) await device.close();
});
test.run();
