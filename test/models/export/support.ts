/** What the tests of exports share: networks whose every array matters, our logits, and the programs of bench/exports/. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as assert from 'uvu/assert';
import { open } from '#src/engine/open';
import { type Network, findModel } from '#src/models/index';
import { tensor } from '#src/tensor/tensor';
import { randomNumbers } from '../../finetune/support.js';

/** A network with random weights, scales, shifts and statistics that keep activations in bounds. */
export function randomModel(name: string, classes = 7, seed = 1): Network {
  const random = randomNumbers(seed);
  const model = findModel(name).create({ classes });
  for (const { name: path, array } of model.namedArrays()) {
    const fanIn = array.length / array.shape.at(-1)!;
    const value = path.endsWith('running_var')
      ? () => 0.5 + random()
      : array.shape.length > 1
        ? () => (random() - 0.5) * Math.sqrt(12 / fanIn)
        : () => (path.endsWith('weight') ? 0.5 + random() : random() - 0.5);
    const data = new Float32Array(array.length);
    for (let i = 0; i < data.length; i++) data[i] = value();
    array.set(data);
  }
  return model;
}

/** Images [batch, side, side, 3] of values as preprocessing makes them. */
export function randomImages(batch: number, side: number, seed = 9): Float32Array {
  const random = randomNumbers(seed);
  const pixels = new Float32Array(batch * side * side * 3);
  for (let i = 0; i < pixels.length; i++) pixels[i] = 4 * random() - 2;
  return pixels;
}

/** A side of images that is quick; that of VGG16 gives a map of the 7 by 7 places that its linear layers take. */
export function sideFor(name: string): number {
  return name === 'vgg16' ? 224 : name === 'resnet-small' ? 32 : 64;
}

/** The logits [batch, classes] that attune computes on the processor. The model is on no device afterwards. */
export async function logitsOf(
  model: Network,
  images: Float32Array,
  batch: number,
  side: number,
): Promise<Float32Array> {
  const device = await open('cpu');
  try {
    await model.to(device);
    const logits = await device.run(() => model.forward(tensor(images, [batch, side, side, 3])));
    return logits as Float32Array;
  } finally {
    await device.close();
  }
}

/** Fails unless all logits agree to 1e-4 of the largest, and are such that a mistake would show. */
export function assertSameLogits(found: ArrayLike<number>, expected: Float32Array, what: string): void {
  assert.is(found.length, expected.length, what);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const spread = Math.max(...expected) - Math.min(...expected);
  assert.ok(spread > largest / 100, `${what}: the logits are all alike`);
  const difference = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i])), 0);
  console.log(
    `# ${what}: largest difference ${(difference / largest).toExponential(1)} of the largest logit`,
  );
  assert.ok(difference <= 1e-4 * largest, `${what}: ${difference} of ${largest}`);
}

const exportsPackage = new URL('../../../../bench/exports/', import.meta.url);

/** A program that reads exports. They are installed apart: npm ci --prefix bench/exports. */
export function reader<T>(name: string): T {
  const installed = existsSync(new URL(`node_modules/${name}`, exportsPackage));
  assert.ok(installed, `${name} is not installed: npm ci --prefix bench/exports`);
  return createRequire(new URL('package.json', exportsPackage))(name) as T;
}
