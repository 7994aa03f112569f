/** Attention rollout and gradient-weighted attention against PyTorch (make-attention.py), and where they are the default. */
import { readFileSync } from 'node:fs';
import { openCpu } from '#src/device/cpu/node';
import type { Preprocessing } from '#src/inputs/index';
import { findModel } from '#src/models/index';
import { vitSmall } from '#src/models/vit-small';
import { freeze } from '#src/nn/index';
import { FUSIONS } from '#src/ops/fusions';
import { normalizeImages } from '#src/ops/index';
import { Device } from '#src/program/device';
import { defaultMethod, heatMap } from '#src/report/explain/heat-maps';
import { overlay } from '#src/report/explain/overlay';
import { tensor } from '#src/tensor/tensor';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertNear, loadFormula } from '../../models/vit-support.js';

const file = new URL('../../../../test/report/explain/attention.json', import.meta.url);
const expected = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, readonly number[]>>;
const METHODS = ['attention-rollout', 'attention-gradients'] as const;
const CLASS = 3;
const preprocessing: Preprocessing = {
  resize: 32,
  crop: 32,
  mean: [0.5, 0.4, 0.3],
  std: [0.2, 0.3, 0.4],
  interpolation: 'bilinear',
};
const pixels = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => i * 7919 + Math.floor(i / 96) * 31);

function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

const device = new Device(await openCpu({ precision: 'float64', threads: 1 }), FUSIONS);
const model = vitSmall();
await loadFormula(model);
await freeze(model);
await model.to(device);
const network = { device, model, preprocessing };
test.after(async () => {
  model.close();
  await device.close();
});

test('both are PyTorch’s, over the patches', async () => {
  for (const method of METHODS) {
    const { width, height, values } = await heatMap(method, network, pixels, CLASS);
    assert.equal([width, height], [8, 8], method);
    assertNear(values, expected[method]!.slice(1), 1e-6);
  }
});

test('a pass that writes out probabilities gives the ordinary pass’s logits; rows of them sum to 1', async () => {
  const { written, ordinary, probabilities } = await device.run(() => {
    const x = normalizeImages(tensor(pixels, [1, 32, 32, 3], 'uint8'), preprocessing.mean, preprocessing.std);
    const { features, probabilities } = model.classAttention.forward(x);
    const written = model.head.forward(model.headInput(features));
    return { written, ordinary: model.forward(x), probabilities: [...probabilities] };
  });
  assertNear(written, expected.logits!, 1e-6);
  assertNear(written, [...ordinary], 1e-12);
  assert.is(probabilities.length, 6);
  for (const block of probabilities) {
    assert.is(block.length, 4 * 65 * 65);
    for (let i = 0; i < block.length; i += 65)
      assert.ok(Math.abs(sumOf(block.subarray(i, i + 65)) - 1) < 1e-12);
  }
  // What the class token keeps for itself, and what it gives to the patches.
  const { values } = await heatMap('attention-rollout', network, pixels, CLASS);
  const whole = expected['attention-rollout']![0]! + sumOf(values);
  assert.ok(Math.abs(whole - 1) < 1e-6, `${whole}`);
});

test('weighted attention depends on the class, rollout does not', async () => {
  const [rollout, weighted] = await Promise.all(
    METHODS.map(async (method) => [...(await heatMap(method, network, pixels, CLASS + 1)).values]),
  );
  assertNear(rollout!, expected['attention-rollout']!.slice(1), 1e-6);
  const furthest = Math.max(
    ...weighted!.map((value, i) => Math.abs(value - expected['attention-gradients']![i + 1]!)),
  );
  assert.ok(furthest > 0.01 * Math.max(...weighted!), `${furthest}`);
});

test('the patch that attention goes to least stays as it is in the picture, however much that is', async () => {
  const map = await heatMap('attention-rollout', network, pixels, CLASS);
  assert.is(map.least, Math.min(...map.values));
  assert.ok(map.least! > 0);
  const image = { width: 1, height: 2, pixels: new Uint8Array(6).fill(9) };
  const shown = overlay(image, { width: 1, height: 2, values: Float64Array.of(0.5, 0.75), least: 0.5 });
  assert.equal([...shown.pixels.slice(0, 3)], [9, 9, 9]);
  assert.ok(shown.pixels[3]! > 100);
});

test('networks say by which they are explained', () => {
  assert.is(defaultMethod(model), 'attention-gradients');
  assert.is(defaultMethod(findModel('resnet18').create()), 'grad-cam');
});

test.run();
