/** Parameter groups, plans of updates, and options that are refused. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { open } from '#src/engine/open';
import { linear } from '#src/nn/linear';
import { ModelMemory } from '#src/nn/memory';
import { backward } from '#src/ops/backward';
import { sum } from '#src/ops/reduce/sum';
import { adam, adamW, PullToStart, rmsprop, SharpnessAware, sgd, WeightAverage } from '#src/optim/index';
import { Parameter } from '#src/tensor/parameter';
import { assertThrows, cpuDevice } from '../ops/support.js';
import { goldenLoss, goldenMemory, optimizers, trainStep } from './support.js';

test('each group has its own rate and decay, which may change between steps', async () => {
  const device = await open('cpu', { precision: 'float64' });
  const [a, b, c] = [70, 3, 130].map((length) => new Parameter(new Float64Array(length).fill(1), [length]));
  const memory = new ModelMemory(device, [a, b, c]);
  const groups = [
    { name: 'head', parameters: [c, a], lr: 0.5, weightDecay: 0 },
    { name: 'trunk', parameters: [b], lr: 0.25, weightDecay: 2 },
  ];
  const optimizer = optimizers.sgd(memory, { groups });
  const step = async () => {
    await device.run(() => {
      optimizer.zeroGradients();
      for (const parameter of [a, b, c]) backward(sum(parameter));
    });
    await device.run(() => optimizer.step());
  };
  await step();
  assert.ok((await a.read()).every((value) => value === 0.5));
  assert.ok(
    (await b.read()).every((value) => value === 0.25),
    '1 - 0.25 (1 + 2)',
  );
  assert.ok((await c.read()).every((value) => value === 0.5));
  const plans = device.plansMade;
  groups[0].lr = 0.125;
  groups[1].weightDecay = 0;
  await step();
  assert.ok((await c.read()).every((value) => value === 0.375));
  assert.ok((await b.read()).every((value) => value === 0));
  assert.is(device.plansMade, plans, 'other rates are data, not another plan');
  groups[0].lr = Number.NaN;
  await assertThrows(() => device.run(() => optimizer.step()), 'program', /lr of group head is NaN/);
  assert.is(optimizer.steps, 2, 'a refused step does not count');
  await device.close();
});

test('a misspelt option is refused, as JavaScript may write one', async () => {
  const memory = {} as ModelMemory;
  const misspelt = { lr: 0.1, momentun: 0.9 } as object;
  await assertThrows(
    () => sgd(memory, misspelt),
    'usage',
    /no option momentun \(sgd\): did you mean momentum\?/,
  );
  await assertThrows(() => rmsprop(memory, misspelt), 'usage', /\(rmsprop\): did you mean momentum\?/);
  await assertThrows(() => adam(memory, misspelt), 'usage', /no option momentun \(adam\)/);
  await assertThrows(() => adamW(memory, misspelt), 'usage', /no option momentun \(adamW\)/);
});

test('an update is one plan for all steps, one launch per chunk behind the gate', async () => {
  const device = await open('cpu', { precision: 'float64' });
  for (const [kind, made] of [
    ['sgd', 2],
    ['adam', 4],
  ] as const) {
    const memory = goldenMemory(device);
    const optimizer = optimizers[kind](memory, { lr: 0.01 });
    for (let step = 0; step < 5; step++) {
      await trainStep(device, optimizer, () => goldenLoss(memory));
      assert.is(device.lastProgram.launches, 3, 'partial norms, gate, update');
    }
    assert.is(device.plansMade, made);
    optimizer.close();
    memory.close();
  }
  assert.is(device.counters.liveBytes, 0, 'close gives everything back, plans included');
  await device.close();
});

test('options that cannot be meant are refused', async () => {
  const device = await cpuDevice('float64');
  const memory = goldenMemory(device);
  const [a, b] = memory.parameters;
  const { sgd, adam } = optimizers;
  const group = (name: string, parameters: Parameter[], lr = 0.1) => ({
    name,
    parameters,
    lr,
    weightDecay: 0,
  });
  const refused: [() => unknown, RegExp][] = [
    [() => sgd(memory, {}), /needs a learning rate/],
    [() => sgd(memory, { lr: -1 }), /lr of group all is -1/],
    [() => sgd(memory, { lr: 0.1, weightDecay: Number.NaN }), /weightDecay of group all is NaN/],
    [() => sgd(memory, { lr: 0.1, nesterov: true }), /Nesterov momentum needs a momentum above 0/],
    [() => sgd(memory, { lr: 0.1, momentum: Number.POSITIVE_INFINITY }), /momentum is Infinity/],
    [() => sgd(memory, { lr: 0.1, maxGradientNorm: -2 }), /maxGradientNorm is -2/],
    [() => adam(memory, { lr: 0.1, betas: [0.9, 1] }), /beta is 1/],
    [() => adam(memory, { lr: 0.1, epsilon: 0 }), /epsilon is 0/],
    [() => optimizers.rmsprop(memory, { lr: 0.1, alpha: 1 }), /alpha is 1/],
    [
      () => sgd(memory, { groups: [group('one', [a])] }),
      /do not hold every trainable parameter exactly once/,
    ],
    [() => sgd(memory, { groups: [group('one', [a, b]), group('two', [b])] }), /exactly once.*one, two/],
    [
      () => sgd(memory, { groups: [group('one', [a, b, new Parameter(new Float32Array(1), [1])])] }),
      /exactly once/,
    ],
    [() => sgd(new ModelMemory(device, []), { lr: 0.1 }), /no trainable parameter to optimise/],
  ];
  const { liveBytes } = device.counters;
  for (const [make, sentence] of refused) await assertThrows(make, 'program', sentence);
  assert.is(device.counters.liveBytes, liveBytes, 'what was refused holds no memory');
  memory.close();
});

test('where the memory for its last arena is missing, nothing of an optimiser stays', async () => {
  const device = await open('cpu');
  const parameter = new Parameter(new Float32Array(1000), [1000]);
  const memory = new ModelMemory(device, [parameter]);
  const { createState } = device;
  for (const [make, states] of [
    [() => adamW(memory, { lr: 1 }), 2],
    [() => rmsprop(memory, { lr: 1, momentum: 0.9 }), 2],
    [() => sgd(memory, { lr: 1, momentum: 0.9 }), 1],
  ] as const) {
    const before = device.counters.liveBytes;
    let left = states;
    device.createState = (shape, ...more) => {
      if (shape[0] === 1024 && left-- === 1) throw new Error('no more memory');
      return createState.call(device, shape, ...more);
    };
    assert.throws(make, /no more memory/);
    assert.is(device.counters.liveBytes, before);
  }
  device.createState = createState;
  await device.close();
});

test('what is not the memory of a model is refused, with what to write', async () => {
  const device = await cpuDevice('float32');
  const model = linear(2, 1);
  await model.to(device);
  const { memory } = model;
  const words = /^.* takes the memory of a model .*: write model\.memory, after await model\.to\(device\)/;
  for (const given of [model.parameters(), model, undefined, {}] as never[]) {
    const takers = [
      ...Object.values(optimizers).map((make) => () => make(given, { lr: 0.1 })),
      () => new PullToStart(given),
      () => new WeightAverage(given, 0.9),
      () => new SharpnessAware(given, 0.1),
    ];
    for (const take of takers) await assertThrows(take, 'usage', words);
  }
  const groups = [{ name: 'all', parameters: memory.parameters, lr: 0.1, weight_decay: 1 }];
  await assertThrows(
    () => sgd(memory, { groups } as never),
    'usage',
    /^there is no option weight_decay \(groups\[0\]\): did you mean weightDecay\?$/,
  );
  model.close();
});

test.run();
