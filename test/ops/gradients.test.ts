/** Every gradient against central differences in float64, over random shapes; the walk over the tape. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ModelMemory } from '#src/nn/memory';
import { abs } from '#src/ops/abs';
import { add } from '#src/ops/add';
import { argmax } from '#src/ops/argmax';
import { backward, gradients } from '#src/ops/backward';
import { batchNorm } from '#src/ops/batch-norm';
import { batchMoments, batchNormTraining } from '#src/ops/batch-norm-training';
import { greaterEqual } from '#src/ops/compare';
import { concat } from '#src/ops/concat';
import { conv2d } from '#src/ops/conv2d';
import { crossEntropy, crossEntropyLosses } from '#src/ops/cross-entropy';
import { divide } from '#src/ops/divide';
import { dropout } from '#src/ops/dropout';
import { exp } from '#src/ops/exp';
import { gather, scatterAdd } from '#src/ops/gather';
import { log } from '#src/ops/log';
import { matmul } from '#src/ops/matmul';
import { max } from '#src/ops/max';
import { maximum } from '#src/ops/maximum';
import { mean } from '#src/ops/mean';
import { meanSquaredError } from '#src/ops/mean-squared-error';
import { minimum } from '#src/ops/minimum';
import { multiply } from '#src/ops/multiply';
import { negate } from '#src/ops/negate';
import { type OperationName, operations } from '#src/ops/operations';
import { globalAveragePool, maxPool2d } from '#src/ops/pool';
import { relu } from '#src/ops/relu';
import { relu6 } from '#src/ops/relu6';
import { flatten, reshape } from '#src/ops/reshape';
import { sigmoid } from '#src/ops/sigmoid';
import { pad, slice } from '#src/ops/slice';
import { logSoftmax, softmax } from '#src/ops/softmax';
import { sqrt } from '#src/ops/sqrt';
import { square } from '#src/ops/square';
import { subtract } from '#src/ops/subtract';
import { broadcastTo, sum } from '#src/ops/sum';
import { tanh } from '#src/ops/tanh';
import { transpose } from '#src/ops/transpose';
import { Parameter } from '#src/tensor/parameter';
import { sizeOf } from '#src/tensor/shape';
import { type Tensor, type TensorLike, tensor } from '#src/tensor/tensor';
import { assertClose, assertThrows, cpuDevice, Random } from './support.js';

const EPSILON = 1e-6;
const TOLERANCE = { absolute: 1e-7, relative: 1e-6 };
const ROUNDS = 6;

interface Problem {
  readonly shapes: readonly (readonly number[])[];
  /** Bounds of the random inputs; default -1 to 1. */
  readonly range?: readonly [low: number, high: number];
  call(inputs: readonly Tensor[]): Tensor;
}

type Make = (random: Random) => Problem;

/** Up to `rank` dimensions of 1 to 4. */
function someShape(random: Random, rank = 4): number[] {
  return Array.from({ length: random.whole(0, rank) }, () => random.whole(1, 4));
}

/** Two shapes that broadcast together. */
function twoShapes(random: Random): [number[], number[]] {
  const full = someShape(random);
  const part = () => full.slice(random.whole(0, full.length)).map((size) => (random.unit() < 0.3 ? 1 : size));
  return random.unit() < 0.5 ? [full, part()] : [part(), part()];
}

const ofOne =
  (call: (x: Tensor) => Tensor, range?: readonly [number, number]): Make =>
  (random) => ({
    shapes: [someShape(random)],
    ...(range && { range }),
    call: ([x]) => call(x),
  });

const ofTwo =
  (call: (a: Tensor, b: Tensor) => Tensor, range?: readonly [number, number]): Make =>
  (random) => ({
    shapes: twoShapes(random),
    ...(range && { range }),
    call: ([a, b]) => call(a, b),
  });

/** Reductions over random axes, counted from the front or the back. */
const overAxes =
  (call: (x: Tensor, axes: number[] | undefined, keepDims: boolean) => Tensor): Make =>
  (random) => {
    const shape = someShape(random);
    const axes = shape.flatMap((_, d) => (random.unit() < 0.5 ? [random.pick([d, d - shape.length])] : []));
    const keepDims = random.unit() < 0.5;
    const chosen = random.unit() < 0.3 ? undefined : axes;
    return { shapes: [shape], call: ([x]) => call(x, chosen, keepDims) };
  };

const ofRows =
  (call: (x: Tensor) => Tensor): Make =>
  (random) => ({
    shapes: [[...someShape(random, 2), random.whole(1, 6)]],
    call: ([x]) => call(x),
  });

const products: Make = (random) => {
  const [m, n, k, batch] = [1, 2, 3, 4].map(() => random.whole(1, 4));
  const [transposeA, transposeB] = [random.unit() < 0.5, random.unit() < 0.5];
  const a = transposeA ? [k, m] : [m, k];
  const b = transposeB ? [n, k] : [k, n];
  const shapes = [random.unit() < 0.5 ? [batch, ...a] : a, random.unit() < 0.5 ? [batch, ...b] : b];
  return { shapes, call: ([x, y]) => matmul(x, y, { transposeA, transposeB }) };
};

const problems: Readonly<Partial<Record<OperationName, Make>>> = {
  abs: ofOne(abs),
  add: ofTwo(add),
  batchNorm: (random) => {
    const channels = random.whole(1, 4);
    const mean = random.values(channels);
    const variance = random.values(channels, 0.1, 2);
    return {
      shapes: [[...someShape(random, 3), channels], [channels], [channels]],
      call: ([x, gamma, beta]) =>
        batchNorm(x, { gamma, beta, mean: tensor(mean, [channels]), variance: tensor(variance, [channels]) }),
    };
  },
  batchNormTraining: (random) => {
    const channels = random.whole(1, 3);
    return {
      shapes: [[random.whole(2, 5), ...someShape(random, 2), channels], [channels], [channels]],
      call: ([x, gamma, beta]) => batchNormTraining(x, { gamma, beta }, batchMoments(x), 1e-2),
    };
  },
  broadcastTo: (random) => {
    const [shape, whole] = [someShape(random, 3), random.whole(1, 3)];
    const target = [whole, ...shape.map((size) => (size === 1 ? random.whole(1, 3) : size))];
    return { shapes: [shape], call: ([x]) => broadcastTo(x, target) };
  },
  concat: (random) => {
    const [rows, columns] = [random.whole(1, 4), random.whole(1, 4)];
    const axis = random.pick([0, 1, -1]);
    const shapes = [1, 2, 3].map(() =>
      axis === 0 ? [random.whole(1, 3), columns] : [rows, random.whole(1, 3)],
    );
    return { shapes, call: (parts) => concat(parts, axis) };
  },
  conv2d: (random) => {
    const groups = random.pick([1, 1, 2, 3]);
    const [channels, filters] = [groups * random.whole(1, 2), groups * random.whole(1, 2)];
    const [kernelHeight, kernelWidth] = [random.whole(1, 3), random.whole(1, 3)];
    const padding = {
      top: random.whole(0, 2),
      bottom: random.whole(0, 2),
      left: random.whole(0, 2),
      right: random.whole(0, 2),
    };
    const dilation = random.pick([1, 1, 2]);
    const stride = [random.whole(1, 3), random.whole(1, 3)] as const;
    const image = [random.whole(1, 2), 4 + random.whole(1, 3), 4 + random.whole(1, 3), channels];
    return {
      shapes: [image, [kernelHeight, kernelWidth, channels / groups, filters]],
      call: ([x, w]) => conv2d(x, w, { stride, padding, dilation, groups }),
    };
  },
  crossEntropy: (random) => {
    const [rows, classes] = [random.whole(1, 5), random.whole(1, 6)];
    const smoothing = random.pick([0, 0.1, 0.5]);
    const labels = random.wholes(rows, 0, classes - 1);
    const soft = random.values(rows * classes, 0, 1);
    const useLabels = random.unit() < 0.5;
    const target = () => (useLabels ? tensor(labels, [rows]) : tensor(soft, [rows, classes]));
    return { shapes: [[rows, classes]], call: ([x]) => crossEntropyLosses(x, target(), smoothing) };
  },
  divide: ofTwo(divide, [0.5, 2]),
  dropout: ofOne((x) => dropout(x, 0.4, { seed: 3, step: 9 })),
  exp: ofOne(exp),
  gather: (random) => {
    const shape = [random.whole(1, 4), ...someShape(random, 2)];
    const indices = random.wholes(random.whole(1, 6), 0, shape[0] - 1);
    return { shapes: [shape], call: ([x]) => gather(x, tensor(indices, [indices.length])) };
  },
  globalAveragePool: (random) => ({
    shapes: [[1, 2, 3, 4].map(() => random.whole(1, 4))],
    call: ([x]) => globalAveragePool(x),
  }),
  log: ofOne(log, [0.2, 3]),
  logSoftmax: ofRows(logSoftmax),
  matmul: products,
  max: overAxes(max),
  maxPool2d: (random) => {
    const kernel = [random.whole(1, 3), random.whole(1, 3)] as const;
    const stride = [random.whole(1, 3), random.whole(1, 3)] as const;
    const padding = [
      random.whole(0, Math.floor(kernel[0] / 2)),
      random.whole(0, Math.floor(kernel[1] / 2)),
    ] as const;
    const image = [random.whole(1, 2), random.whole(3, 6), random.whole(3, 6), random.whole(1, 3)];
    return { shapes: [image], call: ([x]) => maxPool2d(x, { kernel, stride, padding }) };
  },
  maximum: ofTwo(maximum),
  minimum: ofTwo(minimum),
  multiply: ofTwo(multiply),
  negate: ofOne(negate),
  pad: (random) => {
    const shape = someShape(random);
    const [before, after] = [shape.map(() => random.whole(0, 2)), shape.map(() => random.whole(0, 2))];
    return { shapes: [shape], call: ([x]) => pad(x, before, after) };
  },
  relu: ofOne(relu),
  relu6: ofOne(relu6, [-3, 9]),
  reshape: (random) => {
    const shape = someShape(random);
    const target = random.pick([[-1], [-1, 1], [1, sizeOf(shape), 1]]);
    return { shapes: [shape], call: ([x]) => reshape(x, target) };
  },
  scatterAdd: (random) => {
    const [rows, count] = [random.whole(1, 4), random.whole(1, 5)];
    const indices = random.wholes(count, 0, rows - 1);
    return {
      shapes: [[count, random.whole(1, 3)]],
      call: ([x]) => scatterAdd(x, tensor(indices, [count]), rows),
    };
  },
  sigmoid: ofOne(sigmoid, [-4, 4]),
  slice: (random) => {
    const shape = someShape(random);
    const starts = shape.map((size) => random.whole(0, size - 1));
    const sizes = shape.map((size, d) => random.whole(1, size - starts[d]));
    return { shapes: [shape], call: ([x]) => slice(x, starts, sizes) };
  },
  softmax: ofRows(softmax),
  sqrt: ofOne(sqrt, [0.2, 3]),
  square: ofOne(square),
  subtract: ofTwo(subtract),
  sum: overAxes(sum),
  tanh: ofOne(tanh, [-2, 2]),
  transpose: (random) => {
    const shape = someShape(random);
    const order = shape.map((_, d) => d).sort(() => random.unit() - 0.5);
    return { shapes: [shape], call: ([x]) => transpose(x, order) };
  },
};

test('every operation with a gradient is checked by differences', () => {
  for (const [name, { gradient }] of Object.entries(operations)) {
    assert.ok(name in problems || typeof gradient !== 'function', name);
  }
});

let seed = 100;
for (const [name, make] of Object.entries(problems)) {
  // The problems of operations whose gradient is still to come are here already.
  if (typeof operations[name as OperationName].gradient !== 'function') continue;
  const random = new Random(seed++);
  test(`the gradient of ${name} agrees with differences over ${ROUNDS} random shapes`, async () => {
    for (let round = 0; round < ROUNDS; round++) await checkDifferences(name, make(random), random);
  });
}

/** Compares `gradients` of a random linear function of the output with central differences. */
async function checkDifferences(
  name: string,
  { shapes, range = [-1, 1], call }: Problem,
  random: Random,
): Promise<void> {
  const device = await cpuDevice('float64');
  const inputs = shapes.map((shape) => random.values(sizeOf(shape), ...range));
  const upstream = new Map<string, Float64Array>();
  const lossOf = (tensors: readonly Tensor[]) => {
    const output = call(tensors);
    const key = output.shape.join();
    if (!upstream.has(key)) upstream.set(key, random.values(output.length));
    return sum(multiply(output, tensor(upstream.get(key) as Float64Array, output.shape)));
  };
  const load = () => inputs.map((values, i) => tensor(values, shapes[i]));
  const lossNow = async () => (await device.run(() => lossOf(load()))) as number;
  const found = await device.run(() => {
    const tensors = load();
    return gradients(lossOf(tensors), tensors).map((gradient) => reshape(gradient, [-1]));
  });
  for (const [i, values] of inputs.entries()) {
    const differences = new Float64Array(values.length);
    for (let j = 0; j < values.length; j++) {
      const kept = values[j];
      values[j] = kept + EPSILON;
      const above = await lossNow();
      values[j] = kept - EPSILON;
      const below = await lossNow();
      values[j] = kept;
      differences[j] = (above - below) / (2 * EPSILON);
    }
    assertClose(found[i], differences, TOLERANCE, `${name} of ${JSON.stringify(shapes)}, input ${i}`);
  }
}

test('losses agree with differences: mean, meanSquaredError, crossEntropy from probabilities', async () => {
  const random = new Random(7);
  const target = random.values(12, 0, 1);
  const losses: Make[] = [
    () => ({ shapes: [[3, 4]], call: ([x]) => mean(square(x)) }),
    () => ({ shapes: [[3, 4]], call: ([x]) => mean(square(x), -1, true) }),
    () => ({
      shapes: [
        [3, 4],
        [3, 4],
      ],
      call: ([a, b]) => meanSquaredError(a, b),
    }),
    () => ({
      shapes: [[3, 4]],
      call: ([x]) => crossEntropy(x, tensor(target, [3, 4]), { labelSmoothing: 0.2 }),
    }),
    () => ({
      shapes: [[3, 4]],
      range: [0.1, 0.9],
      call: ([p]) =>
        crossEntropy(p, tensor([0, 3, 2], [3], 'int32'), { fromLogits: false, labelSmoothing: 0.1 }),
    }),
  ];
  for (const make of losses) await checkDifferences('loss', make(random), random);
});

test('a tensor that is used several times gets the sum of its gradients', async () => {
  const random = new Random(8);
  const uses: Make = () => ({
    shapes: [[3], [2, 3]],
    // x appears five times, once through a view and once broadcast; y's gradient passes through both branches.
    call: ([x, y]) => {
      const z = multiply(x, y);
      return add(add(multiply(z, z), multiply(x, x)), reshape(tanh(add(x, sum(y, 0))), [1, 3]));
    },
  });
  for (let round = 0; round < ROUNDS; round++) await checkDifferences('reuse', uses(random), random);
});

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
