/** The SIMD entries of Gaussian blur against their plain loops, and with other shares of rows per thread. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { open } from '#src/engine/open';
import { gaussianBlur } from '#src/ops/gaussian-blur';
import { tensor } from '#src/tensor/tensor';
import { assertSameBytes } from '../ops/support.js';
import { generator } from './cpu-harness.js';

test('rows of every length from 3 to 24 pixels, with one thread, with three, and in plain loops', async () => {
  const devices = [
    await open('cpu', { threads: 1 }),
    await open('cpu', { threads: 3 }),
    await open('cpu', { simd: 'off' }),
  ];
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
  for (const device of devices) await device.close();
});

test.run();
