/** Layers against hand-made numbers, and initial values: their size, and what they are a function of. */
import { BatchNorm2d } from '#src/nn/batch-norm';
import { Conv1d } from '#src/nn/conv1d';
import { Conv2d } from '#src/nn/conv2d';
import { ConvTranspose1d, ConvTranspose2d } from '#src/nn/conv-transpose';
import { Embedding } from '#src/nn/embedding';
import { GroupNorm } from '#src/nn/group-norm';
import { Initializer } from '#src/nn/initializers';
import {
  AveragePool2d,
  Dropout,
  Flatten,
  GELU,
  GlobalAveragePool,
  Hardsigmoid,
  Hardswish,
  Identity,
  MaxPool2d,
  Relu,
  Relu6,
  sequential,
  Sigmoid,
  SiLU,
} from '#src/nn/layers';
import { LayerNorm, RMSNorm } from '#src/nn/layer-norm';
import { Linear, linear } from '#src/nn/linear';
import type { Module, Training } from '#src/nn/module';
import { stateDict } from '#src/nn/state-dict';
import { generator } from '#src/tensor/philox';
import { backward } from '#src/ops/backward';
import { sum } from '#src/ops/reduce/sum';
import { tensor } from '#src/tensor/tensor';
import { sgd } from '#src/optim/sgd';
import type { Device } from '#src/program/device';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { assertThrows } from '../ops/support.js';
import { openJudge } from './support.js';

const test = suite<{ device: Device }>('layers');
test.before(async (context) => {
  context.device = await openJudge();
});
test.after(async ({ device }) => {
  await device.close();
});

async function output(
  device: Device,
  layer: Module,
  values: readonly number[],
  shape: readonly number[],
  training?: Training,
): Promise<{ values: number[]; shape: readonly number[] }> {
  await layer.to(device);
  let outputShape: readonly number[] = [];
  const result = await device.run(() => {
    const y = layer.forward(tensor(values, shape), training);
    outputShape = y.shape;
    return y;
  });
  layer.close();
  return { values: [...result], shape: outputShape };
}

test('linear: x W + b with W [inputs, outputs], with and without bias', async ({ device }) => {
  const layer = linear(3, 2);
  layer.weight.set(Float32Array.of(1, 2, 3, 4, 5, 6));
  layer.bias!.set(Float32Array.of(0.5, -0.5));
  assert.equal(await output(device, layer, [1, 0, -1, 2, 2, 2], [2, 3]), {
    values: [-3.5, -4.5, 18.5, 23.5],
    shape: [2, 2],
  });
  const plain = linear(3, 2, { bias: false });
  assert.is(plain.bias, null);
  plain.weight.set(Float32Array.of(1, 2, 3, 4, 5, 6));
  assert.equal((await output(device, plain, [1, 0, -1], [1, 3])).values, [-4, -4]);
});

test('linear: the last axis of any shape, as one product with the bias at its end', async ({ device }) => {
  const layer = () => linear(3, 2, { seed: 8 });
  const values = Array.from({ length: 24 }, (_, i) => Math.sin(i));
  const flat = (await output(device, layer(), values, [8, 3])).values;
  const deep = await output(device, layer(), values, [2, 2, 2, 3]);
  assert.equal(deep, { values: flat, shape: [2, 2, 2, 2] });
  assert.is(device.lastProgram.launches, 1);
});

test('embedding: vectors by index, a padding row of zeros that no step changes', async ({ device }) => {
  const layer = new Embedding(4, 2, { paddingIndex: -3 }, new Initializer(5));
  const before = Float64Array.from(layer.weight.hostValues);
  assert.equal(
    [...before].map((value) => value === 0),
    [0, 0, 1, 1, 0, 0, 0, 0].map(Boolean),
  );
  await layer.to(device);
  const optimizer = sgd(layer.memory, { lr: 1 });
  const vectors = await device.run(() => {
    const y = layer.forward(tensor(Int32Array.of(1, 3, 3, 0), [2, 1, 2]));
    backward(sum(y));
    return y;
  });
  await device.run(() => optimizer.step());
  const [after] = [...(await layer.readValues()).values()];
  const counts = [1, 1, 0, 0, 0, 0, 2, 2];
  assert.equal(
    [...after!],
    [...before].map((value, i) => value - counts[i]!),
  );
  assert.equal(
    [...vectors],
    [2, 3, 6, 7, 6, 7, 0, 1].map((i) => before[i]),
  );
  layer.close();
});

test('conv2d: options arrive, bias included, groups divide the input channels', async ({ device }) => {
  const layer = new Conv2d(
    2,
    4,
    { kernel: 2, stride: 2, padding: 1, groups: 2, bias: true },
    new Initializer(),
  );
  assert.equal(layer.weight.shape, [2, 2, 1, 4]);
  layer.weight.set(new Float32Array(16).fill(1));
  layer.bias!.set(Float32Array.of(0, 0, 100, 100));
  const ones = [1, 10, 1, 10, 1, 10, 1, 10];
  const { values, shape } = await output(device, layer, ones, [1, 2, 2, 2]);
  assert.equal(shape, [1, 2, 2, 4]);
  assert.equal(values.slice(0, 4), [1, 1, 110, 110]);
});

test('conv1d: options arrive, and weights have the layout of torch in a state dict', async ({ device }) => {
  const layer = new Conv1d(
    2,
    2,
    { kernel: 2, padding: [1, 0], dilation: 1, groups: 2, bias: true },
    new Initializer(),
  );
  assert.equal(layer.weight.shape, [2, 1, 2]);
  layer.weight.set(Float32Array.of(1, 2, 10, 20));
  layer.bias!.set(Float32Array.of(0, 100));
  const { values, shape } = await output(device, layer, [1, 1, 2, 2, 3, 3], [1, 3, 2]);
  assert.equal(shape, [1, 3, 2]);
  assert.equal(values, [10, 120, 21, 142, 32, 164]);
  const saved = (await stateDict(new Conv1d(4, 6, { kernel: 3, groups: 2 }, new Initializer()))).get(
    'weight',
  );
  assert.equal(saved?.shape, [6, 2, 3]);
});

test('transposed convolutions: options arrive, and weights have the layout of torch', async ({ device }) => {
  const initializer = new Initializer();
  const layer = new ConvTranspose1d(
    2,
    2,
    { kernel: 2, stride: 2, outputPadding: 1, groups: 2, bias: true },
    initializer,
  );
  assert.equal(layer.weight.shape, [2, 1, 2]);
  layer.weight.set(Float32Array.of(1, 2, 10, 20));
  layer.bias!.set(Float32Array.of(0, 100));
  const { values, shape } = await output(device, layer, [1, 1, 3, 3], [1, 2, 2]);
  assert.equal(shape, [1, 5, 2]);
  assert.equal(values, [1, 102, 10, 120, 3, 106, 30, 160, 0, 100]);
  const ofImages = new ConvTranspose2d(
    4,
    6,
    { kernel: [3, 5], stride: 2, padding: 1, groups: 2 },
    initializer,
  );
  const zeros = new Array<number>(24).fill(0);
  assert.equal((await output(device, ofImages, zeros, [1, 2, 3, 4])).shape, [1, 3, 7, 6]);
  const weights = (module: Module) => stateDict(module).then((state) => state.get('weight')?.shape);
  assert.equal(
    await weights(new ConvTranspose2d(4, 6, { kernel: [3, 5], groups: 2 }, initializer)),
    [4, 3, 3, 5],
  );
  assert.equal(await weights(new ConvTranspose1d(4, 6, { kernel: 3, groups: 2 }, initializer)), [4, 3, 3]);
});

test('batch norm: running statistics, epsilon, scale and shift', async ({ device }) => {
  const layer = new BatchNorm2d(2, { epsilon: 0.25 });
  layer.weight.set(Float32Array.of(2, 3));
  layer.bias.set(Float32Array.of(0.5, 0));
  layer.running_mean.set(Float32Array.of(1, -1));
  layer.running_var.set(Float32Array.of(3.75, 8.75));
  assert.equal((await output(device, layer, [1, -1, 3, 2], [1, 1, 2, 2])).values, [0.5, 0, 2.5, 3]);
});

test("batch norm: the running variance of a batch is unbiased, or biased as Keras's", async ({ device }) => {
  // Mean 1, biased variance 1, unbiased 2.
  for (const [runningVariance, variance] of [
    ['unbiased', 2],
    ['biased', 1],
  ] as const) {
    const layer = new BatchNorm2d(1, { momentum: 0.25, runningVariance });
    await layer.to(device);
    const optimizer = sgd(layer.memory, { lr: 0 });
    await device.run(() => layer.forward(tensor([0, 2], [2, 1]), { random: generator(1) }));
    await device.run(() => optimizer.step());
    const values = await layer.readValues();
    assert.equal([...values.get(layer.running_mean)!], [0.25]);
    assert.equal([...values.get(layer.running_var)!], [0.75 + 0.25 * variance]);
    optimizer.close();
    layer.close();
  }
});

test('norms without parameters keep to the rows that they were made for', async ({ device }) => {
  const x = [1, 3, 5, 7, 2, 2, 2, 2];
  const rows = await output(
    device,
    new LayerNorm([2, 2], { affine: false, epsilon: 0 }),
    x.slice(0, 4),
    [1, 2, 2],
  );
  assert.equal(rows.shape, [1, 2, 2]);
  // Mean 4 and variance 5 of all four.
  assert.equal(
    rows.values.map((value) => Number(value.toFixed(5))),
    [-3, -1, 1, 3].map((value) => Number((value / Math.sqrt(5)).toFixed(5))),
  );
  const scaled = await output(device, new RMSNorm([2, 2], { affine: false, epsilon: 0 }), x, [2, 2, 2]);
  assert.equal(
    scaled.values.map((value) => Number(value.toFixed(5))),
    [...[1, 3, 5, 7].map((value) => Number((value / Math.sqrt(21)).toFixed(5))), 1, 1, 1, 1],
  );
  for (const layer of [new LayerNorm(10, { affine: false }), new RMSNorm(10, { affine: false })]) {
    await assertThrows(
      () => output(device, layer, x, [4, 2]),
      'shape',
      /\[4, 2\] does not end in rows of shape \[10\]/,
    );
  }
});

test('LayerNorm and RMSNorm: epsilon, scale and shift, and which of them there are', async ({ device }) => {
  const layer = new LayerNorm(2, { epsilon: 0.75 });
  assert.equal(
    [...layer.namedParameters()].map(([name, { shape }]) => [name, shape]),
    [
      ['weight', [2]],
      ['bias', [2]],
    ],
  );
  layer.weight!.set(Float32Array.of(2, 4));
  layer.bias!.set(Float32Array.of(1, -1));
  // Means 3.5 and 0, variances 0.25 and 0.
  assert.equal((await output(device, layer, [3, 4, 0, 0], [2, 2])).values, [0, 1, 1, -1]);
  const names = (module: Module) => [...module.namedParameters()].map(([name]) => name);
  assert.equal(names(new LayerNorm([2, 3], { bias: false })), ['weight']);
  assert.equal(names(new LayerNorm(2, { affine: false })), []);
  assert.equal(names(new RMSNorm(2)), ['weight']);
  // Without parameters a row is the last axis; the mean of squares is 12.5 - 0.5.
  const plain = new RMSNorm(2, { affine: false, epsilon: 0.5 });
  assert.equal(plain.weight, null);
  const { values } = await output(device, new RMSNorm(2, { epsilon: 0.5 }), [3, 4], [1, 2]);
  assert.equal(
    values.map((value) => Number(value.toFixed(9))),
    [3, 4].map((value) => Number((value / Math.sqrt(13)).toFixed(9))),
  );
});

test('GroupNorm: groups, epsilon, scale and shift', async ({ device }) => {
  const layer = new GroupNorm(2, 4, { epsilon: 0.75 });
  assert.equal(
    [...layer.namedParameters()].map(([name, { shape }]) => [name, shape]),
    [
      ['weight', [4]],
      ['bias', [4]],
    ],
  );
  layer.weight!.set(Float32Array.of(1, 2, 1, 2));
  layer.bias!.set(Float32Array.of(0, 0, 5, 5));
  // Groups 3, 4 with a mean of 3.5 and a variance of 0.25, and 8, 8.
  assert.equal((await output(device, layer, [3, 4, 8, 8], [1, 1, 1, 4])).values, [-0.5, 1, 5, 5]);
  assert.equal([...new GroupNorm(2, 4, { affine: false }).namedParameters()], []);
});

test('layers without parameters', async ({ device }) => {
  const image = [1, -2, 3, -4];
  assert.equal(await output(device, new Relu(), image, [1, 2, 2, 1]), {
    values: [1, 0, 3, 0],
    shape: [1, 2, 2, 1],
  });
  assert.equal((await output(device, new Relu6(), [-1, 3, 7], [3])).values, [0, 3, 6]);
  assert.equal(await output(device, new MaxPool2d({ kernel: 2 }), image, [1, 2, 2, 1]), {
    values: [3],
    shape: [1, 1, 1, 1],
  });
  assert.equal(await output(device, new AveragePool2d({ kernel: [1, 2] }), image, [1, 2, 2, 1]), {
    values: [-0.5, -0.5],
    shape: [1, 2, 1, 1],
  });
  assert.equal(await output(device, new GlobalAveragePool(), image, [1, 2, 2, 1]), {
    values: [-0.5],
    shape: [1, 1],
  });
  assert.equal(await output(device, new Flatten(), image, [2, 1, 2, 1]), { values: image, shape: [2, 2] });
  assert.equal(await output(device, new Identity(), image, [4]), { values: image, shape: [4] });
});

test('GELU is exact unless tanh is asked for, SiLU is x by its sigmoid', async ({ device }) => {
  const five = (layer: Module) => output(device, layer, [5, -1], [2]);
  const digits = async (layer: Module) => (await five(layer)).values.map((value) => value.toFixed(7));
  // From PyTorch.
  assert.equal(await digits(new GELU()), ['4.9999986', '-0.1586553']);
  assert.equal(await digits(new GELU({ approximate: 'tanh' })), ['4.9999998', '-0.1588080']);
  assert.equal(await digits(new SiLU()), ['4.9665357', '-0.2689414']);
  assert.throws(() => new GELU({ approximate: 'erf' as never }), /there is no approximation erf \(gelu\)/);
});

test('Sigmoid, and what is made of straight lines in its place', async ({ device }) => {
  const found = (layer: Module) => output(device, layer, [-4, -1.5, 0, 1.5, 4], [5]);
  const [sigmoid, lines, gated] = [new Sigmoid(), new Hardsigmoid(), new Hardswish()];
  // From PyTorch.
  assert.equal(
    (await found(sigmoid)).values.map((value) => value.toFixed(6)),
    ['0.017986', '0.182426', '0.500000', '0.817574', '0.982014'],
  );
  assert.equal((await found(lines)).values, [0, 0.25, 0.5, 0.75, 1]);
  assert.equal(
    (await found(gated)).values.map((value) => value + 0),
    [0, -0.375, 0, 1.125, 4],
  );
});

test('dropout only where a pass trains, by its random numbers', async ({ device }) => {
  const ones = new Array<number>(4000).fill(1);
  const layer = () => sequential(new Identity(), new Dropout(0.25));
  assert.equal((await output(device, layer(), ones, [4000])).values, ones);
  const { values } = await output(device, layer(), ones, [4000], { random: generator(7) });
  const dropped = values.filter((value) => value === 0).length;
  assert.ok(Math.abs(dropped - 1000) < 120, `${dropped} of 4000 were dropped`);
  assert.ok(values.every((value) => value === 0 || Math.abs(value - 4 / 3) < 1e-12));
  assert.equal((await output(device, layer(), ones, [4000], { random: generator(7) })).values, values);
  assert.not.equal(
    (await output(device, layer(), ones, [4000], { random: { seed: 7, step: 1 } })).values,
    values,
  );
});

test('layers of a sequence are named by their position', () => {
  const model = sequential(linear(2, 3), new Relu(), linear(3, 1, { bias: false }));
  assert.equal(
    Array.from(model.namedParameters(), ([name]) => name),
    ['0.weight', '0.bias', '2.weight'],
  );
});

/** Mean and standard deviation. */
function moments(values: ArrayLike<number>): [mean: number, deviation: number] {
  const list = Array.from(values);
  const mean = list.reduce((a, b) => a + b, 0) / list.length;
  return [mean, Math.sqrt(list.reduce((a, b) => a + (b - mean) ** 2, 0) / list.length)];
}

test('convolutions start normal with deviation sqrt(2 / fan out)', () => {
  const { weight } = new Conv2d(16, 64, { kernel: 3 }, new Initializer(3));
  const [mean, deviation] = moments(weight.hostValues);
  const expected = Math.sqrt(2 / (9 * 64));
  assert.ok(Math.abs(deviation / expected - 1) < 0.03, `${deviation} beside ${expected}`);
  assert.ok(Math.abs(mean) < 0.05 * expected);
  assert.ok(Math.max(...weight.hostValues) > 3 * expected, 'a normal distribution has tails');
});

test('linear layers start uniform within 1 / sqrt(inputs), weight and bias from different numbers', () => {
  const { weight, bias } = linear(100, 200, { seed: 3 });
  const [mean, deviation] = moments(weight.hostValues);
  assert.ok(Math.max(...weight.hostValues.map(Math.abs)) <= 0.1);
  assert.ok(Math.abs(deviation - 0.1 / Math.sqrt(3)) < 0.002 && Math.abs(mean) < 0.002);
  assert.ok(Math.max(...bias!.hostValues.map(Math.abs)) <= 0.1);
  assert.not.equal([...bias!.hostValues.subarray(0, 8)], [...weight.hostValues.subarray(0, 8)]);
});

test('initial values follow from the seed, and not from the order in which they are read', () => {
  const [a, b, other] = [3, 3, 4].map((seed) => linear(5, 4, { seed }));
  const bias = [...b!.bias!.hostValues];
  assert.equal([...a!.weight.hostValues], [...b!.weight.hostValues]);
  assert.equal([...a!.bias!.hostValues], bias);
  assert.not.equal([...a!.weight.hostValues], [...other!.weight.hostValues]);
  const initializer = new Initializer(3);
  const [first, second] = [0, 1].map(() => new Conv2d(1, 2, { kernel: 3 }, initializer));
  assert.not.equal([...first!.weight.hostValues], [...second!.weight.hostValues]);
});

test('layers made as in another library are refused, with what to write', () => {
  type Loose = new (...args: unknown[]) => unknown;
  const [convolution, dense, pool] = [Conv2d, Linear, MaxPool2d] as unknown as [Loose, Loose, Loose];
  const refused = (make: () => unknown, words: RegExp) => assert.throws(make, words);
  const initial = /^the layer has nothing that makes its initial values .*: give new Initializer\(seed\)/;
  const initializer = new Initializer();
  refused(() => new convolution(1, 2, { kernel: 3 }), initial);
  refused(
    () => new convolution(1, 2, 3),
    /^the options are 3, which is no object \(Conv2d\): .* kernel, stride/,
  );
  refused(
    () => new convolution(1, 2, { kernel: 3, bais: true }, initializer),
    /\(Conv2d\): did you mean bias\?$/,
  );
  refused(
    () => new convolution(1, 2, { stride: 2 }, initializer),
    /^the kernel is undefined, which is no size \(Conv2d\): give kernel: 3, or/,
  );
  refused(
    () => new Conv1d(1, 2, { kernel: 0 }, initializer),
    /^the kernel is 0, which is no size \(Conv1d\): give kernel: 3$/,
  );
  refused(() => new dense(1, 2, { bias: false }), initial);
  refused(
    () => new pool(3, 2),
    /^the options are 3, which is no object \(MaxPool2d\): .* kernel, stride, padding$/,
  );
  refused(
    () => new pool({ kernel_size: 3 }),
    /^there is no option kernel_size \(MaxPool2d\): did you mean kernel\?$/,
  );
  refused(
    () => new BatchNorm2d(2, { eps: 1e-3 } as never),
    /^there is no option eps \(BatchNorm2d\): did you mean epsilon\?$/,
  );
});

test('a pass that is told in another way whether it trains is refused', () => {
  const layer = new BatchNorm2d(2);
  const forward = (given: unknown) => () => layer.forward(undefined as never, given as never);
  assert.throws(forward(false), /^the options are false, which is no object \(BatchNorm2d\.forward\)/);
  assert.throws(forward({ training: false }), /^there is no option training \(BatchNorm2d\.forward\)/);
  assert.throws(
    forward({}),
    /^random numbers are needed, .*: a forward pass that trains takes \{ random: generator/,
  );
});

test.run();
