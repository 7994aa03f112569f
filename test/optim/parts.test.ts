/** The parts of a step beside their formulas over fifty steps, and what L2-SP is for. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { crossEntropy, linear, Relu, sequential, sgd, tensor } from '#src/index';
import { AttuneError } from '#src/errors';
import { PullToStart, WeightAverage, withValidatedWeights } from '#src/optim/index';
import { assertClose, assertThrows, cpuDevice, formulaValues } from '../ops/support.js';
import { goldenLoss, goldenMemory, trainStep } from './support.js';

const STEPS = 50;

test('L2-SP and the average of the weights: fifty steps as their formulas have them', async () => {
  const device = await cpuDevice('float64');
  const memory = goldenMemory(device);
  const [a, b] = memory.parameters;
  const average = new WeightAverage(memory, 0.8);
  const groups = [
    { name: 'pulled', parameters: [b], lr: 0.1, weightDecay: 0, pull: 0.7 },
    { name: 'free', parameters: [a], lr: 0.05, weightDecay: 0.1 },
  ];
  const optimizer = sgd(memory, { groups, momentum: 0.9, parts: [new PullToStart(memory), average] });
  assert.equal(Object.keys(optimizer.arenas), ['velocity', 'start', 'average']);

  // The same by hand: gradient c (w - t), the penalty's pull (w - start), then SGD and the average.
  const byHand = memory.parameters.map(({ shape }, i) => {
    const w = Float64Array.from(formulaValues(shape, 50 + i));
    return {
      w,
      start: w.slice(),
      v: new Float64Array(w.length),
      average: new Float64Array(w.length),
      i,
      shape,
    };
  });
  const decayAt = (step: number) => (step === 1 ? 0 : Math.min(0.8, (1 + step) / (10 + step)));
  for (let step = 1; step <= STEPS; step++) {
    await trainStep(device, optimizer, () => goldenLoss(memory));
    for (const { w, start, v, average: mean, i, shape } of byHand) {
      const [c, t] = [formulaValues(shape, 60 + i, 0.5, 0.75), formulaValues(shape, 70 + i)];
      const [rate, decay, pull] = i === 1 ? [0.1, 0, 0.7] : [0.05, 0.1, 0];
      for (let j = 0; j < w.length; j++) {
        const x = Number(w[j]);
        const gradient = 2 * Number(c[j]) * (x - Number(t[j])) + pull * (x - Number(start[j])) + decay * x;
        v[j] = 0.9 * Number(v[j]) + gradient;
        w[j] = x - rate * Number(v[j]);
        mean[j] = Number(mean[j]) + (1 - decayAt(step)) * (Number(w[j]) - Number(mean[j]));
      }
    }
  }
  const tolerance = { absolute: 1e-12, relative: 1e-12 };
  const compare = async (expected: (part: (typeof byHand)[number]) => Float64Array, what: string) => {
    const values = await memory.read();
    memory.parameters.forEach((parameter, i) => {
      assertClose(values.get(parameter) ?? [], expected(byHand[i]!), tolerance, `${what}, array ${i}`);
    });
  };
  await compare(({ w }) => w, 'weights');
  await device.run(() => average.swap());
  await compare(({ average: mean }) => mean, 'the average in their place');
  await device.run(() => average.swap());
  await compare(({ w }) => w, 'and back');
  optimizer.close();
  memory.close();
});

test('L2-SP at least halves the way from the start, at an equal loss', async () => {
  const device = await cpuDevice('float64');
  const points = Float32Array.from({ length: 40 }, (_, i) => Math.sin(3 * i) + (i % 2) * 0.5);
  const labels = Int32Array.from({ length: 20 }, (_, i) => (points[2 * i]! * points[2 * i + 1]! > 0 ? 1 : 0));
  const ENOUGH = 0.1;
  /** Trains until the loss is small enough; how far the layers below the head have gone by then. */
  const distance = async (pull: number) => {
    const model = sequential(linear(2, 32, { seed: 1 }), new Relu(), linear(32, 2, { seed: 2 }));
    await model.to(device);
    const { memory } = model;
    const trunk = memory.parameters.slice(0, 2);
    const groups = [
      { name: 'trunk', parameters: trunk, lr: 0.1, weightDecay: 0, pull },
      { name: 'head', parameters: memory.parameters.slice(2), lr: 0.1, weightDecay: 0 },
    ];
    const optimizer = sgd(memory, { groups, momentum: 0.9, parts: [new PullToStart(memory)] });
    const before = await Promise.all(trunk.map((parameter) => parameter.read()));
    let loss = Infinity;
    for (let step = 0; step < 5000 && loss > ENOUGH; step++) {
      loss = await trainStep(device, optimizer, () =>
        crossEntropy(model.forward(tensor(points, [20, 2])), tensor(labels, [20])),
      );
    }
    assert.ok(loss <= ENOUGH, `the loss is ${loss}`);
    const after = await Promise.all(trunk.map((parameter) => parameter.read()));
    const squares = after.flatMap((values, i) => Array.from(values, (x, j) => (x - before[i]![j]!) ** 2));
    optimizer.close();
    await model.close();
    return Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
  };
  const [free, pulled] = [await distance(0), await distance(0.1)];
  console.log(`# way from the start: ${free.toFixed(3)} free, ${pulled.toFixed(3)} with L2-SP`);
  assert.ok(pulled <= free / 2, `${pulled} is more than half of ${free}`);
});

test('weights of parts are lent for some work, from the first step on, and given back where it fails', async () => {
  const device = await cpuDevice('float64');
  const memory = goldenMemory(device);
  const order: string[] = [];
  const part = (name: string) => ({ arenas: {}, swap: () => order.push(name) });
  const optimizer = sgd(memory, { lr: 0.1, parts: [part('a'), { arenas: {} }, part('b')] });
  const work = async () => {
    order.push('work');
  };
  await withValidatedWeights(optimizer, work);
  assert.equal(order.splice(0), ['work']);
  await trainStep(device, optimizer, () => goldenLoss(memory));
  await withValidatedWeights(optimizer, work);
  assert.equal(order.splice(0), ['a', 'b', 'work', 'b', 'a']);
  const broken = () => Promise.reject(new AttuneError({ code: 'interrupted', what: 'no validation' }));
  await assertThrows(() => withValidatedWeights(optimizer, broken), 'interrupted', /no validation/);
  assert.equal(order, ['a', 'b', 'b', 'a']);
  optimizer.close();
  memory.close();
});

test('parts with settings that cannot be meant are refused', async () => {
  const device = await cpuDevice('float64');
  const memory = goldenMemory(device);
  const [a, b] = memory.parameters;
  await assertThrows(() => new WeightAverage(memory, 1), 'program', /the decay of the average is 1/);
  const groups = [{ name: 'all', parameters: [a, b], lr: 0.1, weightDecay: 0, pull: -1 }];
  const optimizer = sgd(memory, { groups, parts: [new PullToStart(memory)] });
  await assertThrows(() => device.run(() => optimizer.step()), 'program', /pull of group all is -1/);
  optimizer.close();
  memory.close();
});

test.run();
