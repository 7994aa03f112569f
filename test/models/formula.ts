/** Weights and images as make-fixtures.py makes them: the same numbers, in exact arithmetic. */
import { readFileSync } from 'node:fs';
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

const fixture = new URL('../../../test/models/fixtures/torchvision.json', import.meta.url);
export const EXPECTED = JSON.parse(readFileSync(fixture, 'utf8')) as Record<string, Expected>;

/** `count` numbers in [0, 1): a hash of the name (FNV-1a) plus the index, mixed (the end of MurmurHash3). */
function uniform(name: string, count: number): Float64Array {
  let seed = 2166136261;
  for (const byte of new TextEncoder().encode(name)) seed = Math.imul(seed ^ byte, 16777619);
  return Float64Array.from({ length: count }, (_, i) => {
    let x = i + seed;
    x ^= x >>> 16;
    x = Math.imul(x, 0x85ebca6b);
    x ^= x >>> 13;
    x = Math.imul(x, 0xc2b2ae35);
    x ^= x >>> 16;
    return (x >>> 0) / 2 ** 32;
  });
}

/** The values of a tensor of this name, in PyTorch's shape. */
export function formulaValues(name: string, shape: readonly number[]): Float64Array {
  const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);
  const u = uniform(name, product(shape));
  if (name.endsWith('running_var')) return u.map((x) => 0.5 + x);
  if (shape.length > 1) {
    const factor = Math.sqrt(12 / product(shape.slice(1)));
    return u.map((x) => (x - 0.5) * factor);
  }
  return u.map((x) => (name.endsWith('weight') ? 0.5 + x : x - 0.5));
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
