/** PyTorch's optima of a small logistic regression; see make-fixtures.py. */
import { readFileSync } from 'node:fs';
import type { FeatureSet } from '#src/tasks/heads/head-problem';
import * as assert from 'uvu/assert';

export interface LogisticFixture {
  readonly features: number;
  readonly classes: number;
  readonly values: readonly number[];
  readonly labels: readonly number[];
  readonly fold: readonly number[];
  readonly fits: readonly {
    readonly l2: number;
    readonly weight: readonly number[];
    readonly bias: readonly number[];
    readonly loss: number;
    readonly held_out_loss: number;
  }[];
}

const path = new URL('../../../test/tasks/fixtures/logistic.json', import.meta.url);
export const fixture: LogisticFixture = JSON.parse(readFileSync(path, 'utf8'));

export const fixtureSet: FeatureSet = {
  values: Float32Array.from(fixture.values),
  labels: Int32Array.from(fixture.labels),
  length: fixture.features,
};

/** The largest difference, as a share of the largest expected value. */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  assert.is(found.length, expected.length);
  const values = Array.from(expected);
  const difference = Math.max(...values.map((value, i) => Math.abs(found[i]! - value)));
  return difference / Math.max(...values.map(Math.abs));
}
