/** Weights and images as make-fixtures.py and make-keras-fixtures.mjs make them: the same numbers, in exact arithmetic. */
import { readFileSync } from 'node:fs';
import type { TensorEntry } from '#src/formats/tensors';
import type { WeightsEntry } from '#src/nn/state-dict';

/** What torchvision says about one model; the logits are those of the weights and the image below. */
export interface Expected {
  readonly parameters: number;
  readonly keysWithCounters: number;
  /** Name, then PyTorch's shape, of each tensor but the counters. */
  readonly tensors: readonly (readonly [string, ...number[]])[];
  /** The first 16 pooled features. */
  readonly features: readonly number[];
  readonly logits: readonly number[];
}

export const IMAGE_SIZE = 65;

const read = (file: string): Record<string, Expected> =>
  JSON.parse(readFileSync(new URL(`../../../test/models/fixtures/${file}`, import.meta.url), 'utf8'));
export const EXPECTED = { ...read('torchvision.json'), ...read('torchvision-others.json') };

/**
 * `count` numbers in [0, 1): a hash of the name (FNV-1a) plus the index, mixed (the end of MurmurHash3). A loop, as a network
 * has up to 300 million of them.
 */
function uniform(name: string, count: number): Float64Array {
  let seed = 2166136261;
  for (const byte of new TextEncoder().encode(name)) seed = Math.imul(seed ^ byte, 16777619);
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let x = i + seed;
    x ^= x >>> 16;
    x = Math.imul(x, 0x85ebca6b);
    x ^= x >>> 13;
    x = Math.imul(x, 0xc2b2ae35);
    x ^= x >>> 16;
    values[i] = (x >>> 0) / 2 ** 32;
  }
  return values;
}

/** The values of a tensor of this name, in PyTorch's shape. */
export function formulaValues(name: string, shape: readonly number[]): Float64Array {
  const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);
  const u = uniform(name, product(shape));
  const isSpread = shape.length > 1 && !name.endsWith('running_var');
  const factor = isSpread ? Math.sqrt(12 / product(shape.slice(1))) : 1;
  const isPositive = name.endsWith('running_var') || (shape.length <= 1 && name.endsWith('weight'));
  const shift = isPositive ? 0.5 : -0.5;
  for (let i = 0; i < u.length; i++) u[i] = (u[i]! + shift) * factor;
  return u;
}

/** All tensors of a model as entries of a file would be, in float64. */
export function formulaEntries(model: string): WeightsEntry[] {
  return EXPECTED[model]!.tensors.map(([name, ...shape]) => ({
    name,
    dtype: 'F64',
    shape,
    read: async () => formulaValues(name, shape),
  }));
}

/** One image, [1, size, size, 3] (the formula counts in PyTorch's order, channels first). */
export function formulaImage(): Float64Array {
  const pixels = IMAGE_SIZE * IMAGE_SIZE;
  const planes = formulaValues('images', [1, 3, IMAGE_SIZE, IMAGE_SIZE]);
  return planes.map((_, i) => planes[(i % 3) * pixels + Math.floor(i / 3)]!);
}

/** What TensorFlow.js's layers say about one of Keras's networks (make-keras-fixtures.mjs). */
export interface KerasExpected {
  /** Of `model.layers`, with the top. */
  readonly layers: readonly string[];
  /** All numbers, moving statistics included. */
  readonly numbers: number;
  /** Name, then Keras's shape, of each variable. */
  readonly variables: readonly (readonly [string, ...number[]])[];
  /** The first 16 pooled features, and the probabilities, both float32. */
  readonly features: readonly number[];
  readonly probabilities: readonly number[];
}

const kerasFixture = new URL('../../../test/models/fixtures/keras.json', import.meta.url);

/** By the name of Keras's class. */
export function kerasExpected(network: string): KerasExpected {
  return JSON.parse(readFileSync(kerasFixture, 'utf8'))[network];
}

/** One side is odd, and gives odd maps; the other even, and gives some of both: 46, 23, 12, 6, 3, 2. */
export const KERAS_IMAGE = [1, 65, 46, 3] as const;

/** The values of a variable of this name (`Conv1/kernel`), in Keras's shape and float32, or of `images`. */
export function kerasValues(name: string, shape: readonly number[]): Float32Array {
  const count = shape.reduce((a, b) => a * b, 1);
  const u = uniform(name, count);
  if (name.endsWith('moving_variance') || name.endsWith('gamma')) return Float32Array.from(u, (x) => 0.5 + x);
  const inputs = name.endsWith('depthwise_kernel') ? shape[0] * shape[1] : count / shape.at(-1)!;
  const factor = name.endsWith('kernel') ? Math.sqrt(12 / inputs) : name === 'images' ? 2 : 1;
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = (u[i]! - 0.5) * factor;
  return values;
}

/** All variables of a network, as a reader of Keras's files gives them. */
export function kerasEntries(network: string): TensorEntry[] {
  return kerasExpected(network).variables.map(([name, ...shape]) => {
    const values = () => kerasValues(name, shape);
    return {
      name,
      dtype: 'F32',
      shape,
      read: async () => values(),
      readRaw: async () => new Uint8Array(values().buffer),
    };
  });
}
