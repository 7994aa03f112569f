/** The SIMD entries of kernels on images as bytes against their plain loops, and with other shares per thread. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { open } from '#src/engine/open';
import { gaussianBlur } from '#src/ops/image/gaussian-blur';
import { affineMatrix } from '#src/ops/image/image-affine';
import type { ImageTransform } from '#src/ops/image/image-transform';
import { normalizeImages } from '#src/ops/image/normalize-images';
import { transformImages } from '#src/ops/image/transform-images';
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

test('images up to 24 pixels wide are transformed to the byte as by the plain loops', async () => {
  const random = generator(4);
  const unit = () => random();
  const affine = (interpolation: 'nearest' | 'bilinear'): ImageTransform => ({
    kind: 'affine',
    matrix: affineMatrix({
      angle: 360 * unit(),
      scale: 0.5 + unit(),
      shear: [20 * unit(), 9],
      translate: [2, -1],
    }),
    interpolation,
    fill: [1, 20, 255],
  });
  const drawn = (): ImageTransform[] => [
    ...(['brightness', 'contrast', 'saturation', 'sharpness'] as const).map((kind) => ({
      kind,
      factor: 3 * unit(),
    })),
    ...(['identity', 'invert', 'autocontrast', 'equalize'] as const).map((kind) => ({ kind })),
    ...[unit() - 0.5, 0.5, -0.5, 0].map((shift): ImageTransform => ({ kind: 'hue', shift })),
    { kind: 'saturation', factor: 1e39 },
    { kind: 'posterize', bits: 3 },
    { kind: 'solarize', threshold: 100 },
    ...[affine('nearest'), affine('bilinear'), affine('bilinear')],
  ];
  for (let width = 1; width <= 24; width++) {
    const transforms = drawn();
    const height = 1 + (width % 5);
    const shape = [transforms.length, height, width, 3];
    // Colours, greys and pixels of few values: every sector of the colour circle, and none.
    const images = Uint8Array.from({ length: transforms.length * height * width * 3 }, (_, i) =>
      i % 27 < 6 ? 77 : i % 27 < 15 ? 255 * Math.round(random()) : 256 * random(),
    );
    const [one, three, plain] = await Promise.all(
      devices.map((device) => device.run(() => transformImages(tensor(images, shape), transforms))),
    );
    assert.equal(one, three, `${width} pixels, other threads`);
    for (const [i, { kind }] of transforms.entries()) {
      const bytes = (values: ArrayLike<number>) =>
        Array.from(values).slice(i * height * width * 3, (i + 1) * height * width * 3);
      assert.equal(bytes(one), bytes(plain), `${kind}, ${width} pixels`);
    }
  }
});

test.after(async () => {
  for (const device of devices) await device.close();
});
test.run();
