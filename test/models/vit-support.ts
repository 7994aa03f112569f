/** What torchvision says about vision Transformers (make-vit-fixtures.py), and weights and images by the same formula. */
import { readFileSync } from 'node:fs';
import type { VisionTransformer } from '#src/models/vit';
import { loadStateDict } from '#src/nn/state-dict';
import { type Tensor, tensor } from '#src/tensor/tensor';
import * as assert from 'uvu/assert';
import { formulaValues } from './formula.js';

interface Large {
  readonly parameters: number;
  readonly tensors: readonly (readonly [string, ...number[]])[];
  readonly logits: readonly number[];
}

interface Small extends Large {
  /** Logits of images of 48 x 48. */
  readonly resized: readonly number[];
  /** By name, the sums of a gradient's elements times those of two tensors. */
  readonly gradients: Readonly<Record<string, readonly [number, number]>>;
  readonly losses: readonly number[];
}

type Expected = Readonly<Record<'vit_b_16' | 'vit_b_32' | 'vit_l_16', Large> & Record<'vit-small', Small>>;

const fixture = new URL('../../../test/models/fixtures/vit.json', import.meta.url);
export const VIT_EXPECTED = JSON.parse(readFileSync(fixture, 'utf8')) as Expected;

export const LABELS = [3, 8];

/** Images [count, size, size, 3]; the formula counts channels first. */
export function vitImages(count: number, size: number): Tensor {
  const pixels = size * size;
  const planes = formulaValues('images', [count, 3, size, size]);
  const values = planes.map((_, i) => {
    const [image, inside] = [Math.floor(i / (3 * pixels)), i % (3 * pixels)];
    return planes[image * 3 * pixels + (inside % 3) * pixels + Math.floor(inside / 3)]!;
  });
  return tensor(values, [count, size, size, 3]);
}

export async function loadFormula(model: VisionTransformer): Promise<void> {
  const entries = VIT_EXPECTED[model.architecture as keyof Expected].tensors.map(([name, ...shape]) => ({
    name,
    dtype: 'F64',
    shape,
    read: async () => formulaValues(name, shape),
  }));
  await loadStateDict(model, entries);
}

/** Equal to a share of the largest number, which is returned as it was found. */
export function assertNear(found: ArrayLike<number>, expected: readonly number[], share: number): number {
  assert.is(found.length, expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  const error = Math.max(...expected.map((value, i) => Math.abs(found[i]! - value))) / largest;
  assert.ok(error <= share, `error ${error} of the largest`);
  return error;
}
