/** The walk over the tape: what backward and gradients give, and what they refuse. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ModelMemory } from '#src/nn/memory';
import { add } from '#src/ops/pointwise/add';
import { argmax } from '#src/ops/reduce/argmax';
import { backward, gradients } from '#src/ops/backward';
import { batchNorm } from '#src/ops/norm/batch-norm';
import { cast } from '#src/ops/pointwise/cast';
import { greaterEqual } from '#src/ops/pointwise/compare';
import { crossEntropyLosses } from '#src/ops/loss/cross-entropy';
import { gather } from '#src/ops/shape/gather';
import { matmul } from '#src/ops/product/matmul';
import { mean } from '#src/ops/reduce/mean';
import { multiply } from '#src/ops/pointwise/multiply';
import { flatten, reshape } from '#src/ops/shape/reshape';
import { slice } from '#src/ops/shape/slice';
import { square } from '#src/ops/pointwise/square';
import { sum } from '#src/ops/reduce/sum';
import { tanh } from '#src/ops/pointwise/tanh';
import { where } from '#src/ops/pointwise/where';
import { Parameter } from '#src/tensor/parameter';
import { type Tensor, type TensorLike, tensor } from '#src/tensor/tensor';
import { assertClose, assertThrows, cpuDevice, Random } from './support.js';

test('backward adds into the arena what gradients returns, and adds again', async () => {
  const device = await cpuDevice('float64');
  const random = new Random(9);
  const weight = new Parameter(random.values(12), [3, 4]);
  const bias = new Parameter(random.values(4), [4]);
  const frozen = new Parameter(random.values(4), [4]);
  const unused = new Parameter(random.values(2), [2]);
  frozen.trainable = false;
  const memory = new ModelMemory(device, [weight, bias, frozen, unused]);
  const x = random.values(6);
  const loss = () => mean(square(multiply(add(matmul(tensor(x, [2, 3]), weight), bias), frozen)));
  const expected = await device.run(() => gradients(loss(), [weight, bias]));
  assert.ok(frozen.gradient === null);
  for (let time = 1; time <= 2; time++) {
    await device.run(() => backward(loss()));
    for (const [i, parameter] of [weight, bias].entries()) {
      const state = parameter.gradient;
      assert.ok(state);
      const found = await device.run(() => reshape(state, state.shape));
      assertClose(
        found,
        expected[i].map((value) => value * time),
        { absolute: 0, relative: 1e-15 },
        `time ${time}`,
      );
    }
  }
  assert.ok(unused.gradient);
  assert.equal([...(await device.read(unused.gradient))], [0, 0], 'no gradient reaches what is not used');
  memory.close();
});

test('nothing is launched below the lowest wanted tensor', async () => {
  const device = await cpuDevice('float64');
  const weight = new Parameter(new Float64Array(4).fill(0.5), [2, 2]);
  const memory = new ModelMemory(device, [weight]);
  const run = (deep: boolean) =>
    device.run(() => {
      let x = tensor([1, 2], [1, 2]);
      for (let i = 0; i < 5; i++) x = deep ? tanh(x) : x;
      backward(sum(matmul(x, weight)));
    });
  await run(false);
  const shallow = device.lastProgram.launches;
  await run(true);
  assert.is(device.lastProgram.launches, shallow + 5, 'five forward launches more, no gradient launch');
  memory.close();
});

test('a network of ten thousand layers has a gradient', async () => {
  const device = await cpuDevice('float64');
  const found = await device.run(() => {
    const x = tensor([0.5], []);
    let y: Tensor = x;
    for (let i = 0; i < 10_000; i++) y = add(y, x);
    return gradients(y, [x])[0];
  });
  assertClose(found, [10_001], { absolute: 0, relative: 1e-12 }, 'gradient');
});

test('a condition computed from what is differentiated carries no gradient', async () => {
  const device = await cpuDevice('float64');
  const slopes = await device.run(() => {
    const x = tensor([-2, -1, 3], [3]);
    const leaky = where(cast(greaterEqual(x, 0), 'int32'), x, multiply(x, 0.5));
    return gradients(sum(leaky), [x])[0];
  });
  assert.equal([...slopes], [0.5, 0.5, 1]);
  const factors = await device.run(() => {
    const [x, factor] = [tensor([-2, 3], [2]), tensor([5, 7], [2])];
    const chosen = where(cast(greaterEqual(x, 0), 'int32'), 1, 2);
    return gradients(add(sum(multiply(chosen, factor)), sum(square(x))), [x, factor]);
  });
  assert.equal(
    factors.map((values) => [...values]),
    [
      [-4, 6],
      [2, 1],
    ],
  );
});

test('gradients that do not exist are refused with the reason', async () => {
  const device = await cpuDevice('float64');
  const refuse = (body: () => unknown, code: string, sentence: RegExp) =>
    assertThrows(() => device.run(body), code, sentence);
  const x = () => tensor([1, 2, 3, 4], [2, 2]);
  const lossOfOne = (make: (x: Tensor) => TensorLike) => () => {
    const input = x();
    return gradients(sum(make(input)), [input]);
  };
  await refuse(() => gradients(x(), [x()]), 'shape', /loss has shape \[2, 2\].*take mean or sum/);
  await refuse(() => gradients(sum(x()), [x()]), 'program', /does not depend on tensor 0 of shape \[2, 2\]/);
  await refuse(() => backward(sum(x())), 'program', /does not depend on any trainable parameter/);
  await refuse(
    lossOfOne((a) => gather(x(), argmax(a))),
    'program',
    /gather has no gradient with respect to its input 1/,
  );
  await refuse(
    lossOfOne((a) => greaterEqual(a, 2)),
    'program',
    /greaterEqual: a comparison is piecewise constant/,
  );
  await refuse(
    lossOfOne((a) => crossEntropyLosses(x(), a)),
    'program',
    /no gradient with respect to its targets/,
  );
  const ones = () => tensor([1, 1], [2]);
  await refuse(
    lossOfOne((a) =>
      batchNorm(x(), {
        gamma: ones(),
        beta: ones(),
        mean: slice(flatten(reshape(a, [1, 4])), [0, 0], [1, 2]),
        variance: ones(),
      }),
    ),
    'shape',
    /does not fit 2 channels/,
  );
  await refuse(
    lossOfOne((a) =>
      batchNorm(x(), {
        gamma: ones(),
        beta: ones(),
        mean: reshape(slice(a, [0, 0], [1, 2]), [2]),
        variance: ones(),
      }),
    ),
    'program',
    /batchNorm has no gradient with respect to its input 3/,
  );
  await refuse(
    () => {
      const input = x();
      const [first] = gradients(sum(square(input)), [input]);
      return gradients(sum(multiply(first, input)), [input]);
    },
    'program',
    /second derivatives are not implemented/,
  );
});

test('a gradient is a tensor like any other', async () => {
  const device = await cpuDevice('float64');
  const found = await device.run(() => {
    const x = tensor([1, -2, 3], [3]);
    const y = tensor([1, 1, 1], [3]);
    const [first] = gradients(sum(square(x)), [x]);
    // y's loss uses x's gradient as a constant.
    return gradients(sum(multiply(first, y)), [y])[0];
  });
  assert.equal([...found], [2, -4, 6]);
});

test.run();
