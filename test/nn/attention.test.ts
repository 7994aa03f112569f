/** Attention and layers of an encoder against PyTorch's values and gradients (make-attention-golden.py), in float64. */
import { readFileSync } from 'node:fs';
import { MultiheadAttention, type AttentionInput, type AttentionMasks } from '#src/nn/attention';
import { Initializer } from '#src/nn/initializers';
import type { Module, Training } from '#src/nn/module';
import { loadStateDict } from '#src/nn/state-dict';
import { TransformerEncoderLayer, type TransformerEncoderLayerOptions } from '#src/nn/transformer';
import { gradients } from '#src/ops/backward';
import { multiply } from '#src/ops/pointwise/multiply';
import { sum } from '#src/ops/reduce/sum';
import type { Device } from '#src/program/device';
import { generator } from '#src/tensor/philox';
import { type Tensor, type TensorLike, tensor } from '#src/tensor/tensor';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formulaValues } from '../models/formula.js';
import { failure, openJudge } from './support.js';

interface Expected {
  readonly tensors: readonly (readonly [string, ...number[]])[];
  readonly shape: readonly number[];
  readonly values: readonly number[];
  /** By name, the sums of a gradient's elements times those of two tensors. */
  readonly gradients: Readonly<Record<string, readonly [number, number]>>;
}

const fixture = new URL('../../../test/nn/fixtures/attention.json', import.meta.url);
const EXPECTED = JSON.parse(readFileSync(fixture, 'utf8')) as Record<
  'attention' | 'layer',
  Record<string, Expected>
>;

const [BATCH, QUERIES, KEYS, CHANNELS, HEADS] = [2, 5, 7, 8, 2];

const test = suite<{ device: Device }>('attention');
test.before(async (context) => {
  context.device = await openJudge();
});
test.after(async ({ device }) => {
  await device.close();
});

function tokens(name: string, length: number): Tensor {
  const shape = [BATCH, length, CHANNELS];
  const values = formulaValues(name, shape).map((value) => 6 * value);
  return tensor(values, shape);
}

/** The second sample is two tokens shorter. */
function padding(): Tensor {
  const counts = Int32Array.from({ length: BATCH * QUERIES }, (_, i) =>
    i % QUERIES < QUERIES - 2 * Math.floor(i / QUERIES) ? 1 : 0,
  );
  return tensor(counts, [BATCH, QUERIES]);
}

/** Every third pair is not seen. */
function pairs(): Tensor {
  const seen = Int32Array.from({ length: QUERIES ** 2 }, (_, i) =>
    (3 * Math.floor(i / QUERIES) + (i % QUERIES)) % 3 === 2 ? 0 : 1,
  );
  return tensor(seen, [QUERIES, QUERIES]);
}

function added(): Tensor {
  const shape = [QUERIES, QUERIES];
  return tensor(
    formulaValues('mask', shape).map((value) => 4 * value),
    shape,
  );
}

/** A pass that drops next to nothing: by the way that makes the probabilities. */
const TRAINING: Training = { random: generator(1) };
const NEXT_TO_NOTHING = 1e-12;

async function assertParity(
  device: Device,
  layer: Module,
  expected: Expected,
  inputs: () => Readonly<Record<string, Tensor>>,
  call: (inputs: Readonly<Record<string, Tensor>>) => Tensor,
): Promise<void> {
  const found = Array.from(layer.namedArrays(), ({ name, array, owner, field }) => {
    const axes = owner.torchAxes(field) ?? array.shape.map((_, d) => d);
    return [name, ...axes.map((axis) => array.shape[axis])];
  });
  assert.equal(found, expected.tensors);
  const entries = expected.tensors.map(([name, ...shape]) => ({
    name,
    dtype: 'F64',
    shape,
    read: async () => formulaValues(name, shape),
  }));
  await loadStateDict(layer, entries);
  await layer.to(device);
  const { y, sums } = await device.run(() => {
    const given = inputs();
    const y = call(given);
    assert.equal(y.shape, expected.shape);
    const loss = sum(multiply(y, tensor(formulaValues('upstream', y.shape), y.shape)));
    const arrays: [string, TensorLike, readonly number[] | null][] = [
      ...Array.from(
        layer.namedArrays(),
        ({ name, array, owner, field }) => [name, array, owner.torchAxes(field)] as never,
      ),
      ...Object.entries(given).map(([name, x]) => [name, x, null] as never),
    ];
    const found = gradients(
      loss,
      arrays.map(([, array]) => array),
    );
    const sums = found.flatMap((gradient, i) => {
      const [name, , axes] = arrays[i]!;
      return [1, 2].map((n) => sum(multiply(gradient, asOurs(`${name} ${n}`, gradient.shape, axes))));
    });
    return { y, sums };
  });
  assertClose([...y], expected.values);
  assertClose(sums as number[], Object.values(expected.gradients).flat());
  layer.close();
}

/** The numbers of a formula that PyTorch lays out by `axes`, a transpose or nothing. */
function asOurs(name: string, shape: readonly number[], axes: readonly number[] | null): Tensor {
  if (axes === null) return tensor(formulaValues(name, shape), shape);
  const [rows, columns] = shape as [number, number];
  const theirs = formulaValues(name, [columns, rows]);
  return tensor(
    theirs.map((_, i) => theirs[(i % columns) * rows + Math.floor(i / columns)]!),
    shape,
  );
}

/** Equal to 1e-10 of the largest number. */
function assertClose(found: readonly number[], expected: readonly number[]): void {
  assert.is(found.length, expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  const error = Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)));
  assert.ok(error <= 1e-10 * largest, `error ${error} beside ${largest}`);
}

interface AttentionCase {
  readonly masks?: () => AttentionMasks;
  readonly causal?: boolean;
  readonly bias?: boolean;
  readonly lengths?: Readonly<Record<string, number>>;
}

const ATTENTION: Readonly<Record<string, AttentionCase>> = {
  plain: {},
  'without bias': { bias: false },
  padding: { masks: () => ({ keyPaddingMask: padding() }) },
  pairs: { masks: () => ({ attentionMask: pairs() }) },
  added: { masks: () => ({ attentionMask: added() }) },
  causal: { causal: true },
  'padding and pairs': { masks: () => ({ keyPaddingMask: padding(), attentionMask: pairs() }) },
  'padding and added': { masks: () => ({ keyPaddingMask: padding(), attentionMask: added() }) },
  'padding and causal': { masks: () => ({ keyPaddingMask: padding() }), causal: true },
  'three inputs': { lengths: { query: QUERIES, key: KEYS, value: KEYS } },
};

test('attention is PyTorch’s with every mask, as one operation and where it drops probabilities', async ({
  device,
}) => {
  assert.equal(Object.keys(ATTENTION), Object.keys(EXPECTED.attention));
  for (const [name, { masks, lengths = { query: QUERIES }, ...options }] of Object.entries(ATTENTION)) {
    const inputs = () =>
      Object.fromEntries(Object.entries(lengths).map(([input, length]) => [input, tokens(input, length)]));
    for (const training of [undefined, TRAINING]) {
      const dropout = training === undefined ? 0 : NEXT_TO_NOTHING;
      const layer = new MultiheadAttention(CHANNELS, HEADS, { dropout, ...options }, new Initializer());
      await assertParity(device, layer, EXPECTED.attention[name]!, inputs, (given) =>
        layer.forward({ ...given, ...masks?.() }, training),
      );
    }
  }
});

const LAYERS: Readonly<
  Record<string, { options: TransformerEncoderLayerOptions; masks?: () => AttentionMasks }>
> = {
  'post-norm': { options: {} },
  'pre-norm': { options: { normFirst: true, activation: 'gelu', epsilon: 1e-3 } },
  'post-norm, padding': {
    options: { activation: 'gelu' },
    masks: () => ({ keyPaddingMask: padding() }),
  },
  'pre-norm, causal': { options: { normFirst: true, causal: true } },
};

test('a layer of an encoder is PyTorch’s, norms first and last', async ({ device }) => {
  assert.equal(Object.keys(LAYERS), Object.keys(EXPECTED.layer));
  for (const [name, { options, masks }] of Object.entries(LAYERS)) {
    const all = { feedForward: 12, dropout: 0, ...options };
    const layer = new TransformerEncoderLayer(CHANNELS, HEADS, all, new Initializer());
    await assertParity(
      device,
      layer,
      EXPECTED.layer[name]!,
      () => ({ x: tokens('x', QUERIES) }),
      (given) => layer.forward({ ...given, ...masks?.() }),
    );
  }
});

test('dropout acts on the probabilities, where a pass trains, by its random numbers', async ({ device }) => {
  const layer = new MultiheadAttention(2, 1, { dropout: 0.5, bias: false }, new Initializer());
  // Queries and keys are all alike, values are what is given, and so is what comes of them.
  layer.in_proj_weight.set(Float32Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1));
  layer.out_proj.weight.set(Float32Array.of(1, 0, 0, 1));
  await layer.to(device);
  const ones = () => tensor(new Array<number>(64).fill(1), [1, 32, 2]);
  const values = async (training?: Training) => [
    ...(await device.run(() => layer.forward(ones(), training))),
  ];
  assert.ok((await values()).every((value) => Math.abs(value - 1) < 1e-12));
  const dropped = await values(TRAINING);
  // How many of 32 probabilities are left is the same for both columns of a value, and each counts twice.
  const kept = dropped.map((value) => value * 16);
  assert.ok(kept.every((count, i) => Math.abs(count - Math.round(count)) < 1e-9 && count === kept[i ^ 1]));
  assert.ok(new Set(kept).size > 5);
  assert.ok(Math.abs(kept.reduce((all, count) => all + count) / kept.length - 16) < 2);
  assert.equal(await values(TRAINING), dropped);
  assert.not.equal(await values({ random: generator(2) }), dropped);
  layer.close();
});

test('in a layer of an encoder everything is dropped that PyTorch drops', async ({ device }) => {
  const layer = new TransformerEncoderLayer(4, 2, { feedForward: 6, dropout: 0.4 }, new Initializer(3));
  await layer.to(device);
  const dropouts: string[] = [];
  const dropped = await device.run(() => {
    const x = tensor(new Array<number>(24).fill(1), [2, 3, 4]);
    const shapes = new Map<Tensor, string>();
    const visit = (y: Tensor): void => {
      if (y.node === null || shapes.has(y)) return;
      const { operation, inputs } = y.node;
      shapes.set(y, operation.name === 'dropout' ? String(y.shape) : '');
      for (const input of inputs) visit(input);
    };
    visit(layer.forward(x, TRAINING));
    dropouts.push(...[...shapes.values()].filter((shape) => shape !== ''));
    return x;
  });
  assert.is(dropped.length, 24);
  // The probabilities, what lies between the linear layers, and the ends of both branches.
  assert.equal(dropouts.sort(), ['2,2,3,3', '2,3,4', '2,3,4', '2,3,6']);
  layer.close();
});

test('what layers of attention are made with, and what they are given, is checked', async ({ device }) => {
  const initializer = new Initializer();
  const what = async (action: () => unknown) => {
    const error = await failure(action);
    return `${error.code}: ${error.what}`;
  };
  assert.is(
    await what(() => new MultiheadAttention(10, 4, {}, initializer)),
    'usage: 10 channels are not shared evenly by 4 heads',
  );
  assert.match(
    await what(() => new TransformerEncoderLayer(8, 4, { activation: 'tanh' as never }, initializer)),
    /usage: there is no activation/,
  );
  const layer = await new MultiheadAttention(4, 2, {}, initializer).to(device);
  const x = () => tensor(new Float32Array(12), [1, 3, 4]);
  const given = (name: string) => ({ query: x(), [name]: x() }) as unknown as AttentionInput;
  assert.is(
    await what(() => device.run(() => layer.forward({ ...given('mask') }))),
    'usage: there is no option mask',
  );
  layer.close();
});

test.run();
