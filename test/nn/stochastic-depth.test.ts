/** Stochastic depth: torchvision's values, its expectation, which branches drop how often, and what stays as it is. */
import { findModel, replaceHead, resnetSmall } from '#src/models/index';
import { freeze, type Module, setStochasticDepth, StochasticDepth, unfreeze } from '#src/nn/index';
import { stochasticDepth } from '#src/ops/pointwise/stochastic-depth';
import { generator } from '#src/tensor/philox';
import { tensor } from '#src/tensor/tensor';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { golden } from '../ops/golden-suite.js';
import { assertClose, cpuDevice, formulaValues } from '../ops/support.js';

interface DepthCase {
  readonly probability: number;
  readonly seed: number;
  readonly step: number;
  readonly output: readonly number[];
}

const probabilities = (model: Module) =>
  [...model.modules()].flatMap((module) => (module instanceof StochasticDepth ? [module.probability] : []));

test('whole rows are dropped, the others divided, as torchvision does with the same mask', async () => {
  const device = await cpuDevice('float64');
  const shape = [6, 2, 2, 3];
  for (const { probability, output, ...random } of golden<{ depth: DepthCase[] }>('regularization.json')
    .depth) {
    const found = await device.run(() =>
      stochasticDepth(tensor(formulaValues(shape, 8), shape), probability, random),
    );
    assertClose(found, output, { absolute: 1e-14, relative: 1e-14 }, `p = ${probability}`);
  }
});

test('the expectation stays: over 100,000 rows the mean is within four deviations of x', async () => {
  const device = await cpuDevice('float32');
  const [rows, probability] = [100_000, 0.3];
  const values = await device.run(() =>
    stochasticDepth(tensor(new Float32Array(rows).fill(1), [rows, 1]), probability, generator(5)),
  );
  const y = Float32Array.from(values);
  const dropped = y.filter((value) => value === 0).length / rows;
  const deviation = Math.sqrt((probability * (1 - probability)) / rows);
  assert.ok(Math.abs(dropped - probability) < 4 * deviation, `${dropped}`);
  const mean = y.reduce((sum, value) => sum + value, 0) / rows;
  assert.ok(Math.abs(mean - 1) < (4 * deviation) / (1 - probability), `${mean}`);
});

test("the linear rule: l / L of the last one's, in every network with residual branches", () => {
  const counts = {
    resnet18: 8,
    resnet50: 16,
    mobilenet_v2: 10,
    mobilenet_v3_large: 10,
    mobilenet_v3_small: 6,
    efficientnet_b0: 9,
    convnext_tiny: 18,
    'resnet50-keras': 16,
    'mobilenet_v2-keras': 10,
  };
  for (const [name, branches] of Object.entries(counts)) {
    const model = findModel(name).create({ classes: 2 });
    assert.ok(
      probabilities(model).every((p) => p === 0),
      'off by default',
    );
    assert.is(setStochasticDepth(model, 0.5), branches, name);
    const set = probabilities(model);
    assertClose(
      set,
      set.map((_, i) => (0.5 * (i + 1)) / branches),
      { absolute: 1e-15, relative: 0 },
      name,
    );
    // The paper's section 3.2: with 1/2 for the last, (3 L - 1) / 4 branches are left on average.
    const left = set.reduce((sum, p) => sum + 1 - p, 0);
    assert.ok(Math.abs(left - (3 * branches - 1) / 4) < 1e-12, `${left} of ${branches}`);
  }
});

test('frozen branches are never dropped, and a network may be left with none', async () => {
  const model = resnetSmall({ classes: 2 });
  await freeze(model, 'layer3');
  assert.is(setStochasticDepth(model, 0.9), 3);
  assert.equal(probabilities(model).slice(0, 6), new Array(6).fill(0));
  assert.ok(Math.abs((probabilities(model)[6] as number) - 0.7) < 1e-15);
  await freeze(model, 'fc');
  assert.is(setStochasticDepth(model, 0.9), 0);
  await unfreeze(model);
  assert.is(setStochasticDepth(model, 0), 9);
});

test('only a pass that trains drops anything, and its probability is no part of what is stored', async () => {
  const device = await cpuDevice('float32');
  const model = resnetSmall({ classes: 3, depth: 1, widths: [4, 4, 8] });
  replaceHead(model, 2, 1);
  const names = [...model.namedArrays()].map(({ name }) => name);
  await model.to(device);
  const x = formulaValues([2, 8, 8, 3], 3);
  const run = (training?: { random: ReturnType<typeof generator> }) =>
    device.run(() => model.forward(tensor(x, [2, 8, 8, 3]), training));
  const [evaluated, trained] = [await run(), await run({ random: generator(1) })];
  setStochasticDepth(model, 0.9);
  assert.equal(await run(), evaluated, 'evaluation, to the bit');
  assert.not.equal(await run({ random: generator(1) }), trained);
  assert.equal(
    [...model.namedArrays()].map(({ name }) => name),
    names,
  );
  model.close();
});

test.run();
