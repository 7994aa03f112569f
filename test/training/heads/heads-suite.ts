/** Heads that are not fitted beside scikit-learn's, on whichever device: see make-heads.py. */
import { readFileSync } from 'node:fs';
import type { FeatureSet } from '#src/tasks/heads/head-problem';
import { softmaxRows } from '#src/tasks/metrics/scores';
import { applyHead, linearLayer, prototypes } from '#src/training/heads/stored-heads';
import type { Head } from '#src/models/index';
import { nearestNeighbors } from '#src/nn/index';
import type { Device } from '#src/program/device';
import * as assert from 'uvu/assert';

interface Expected {
  readonly probabilities: readonly number[];
  readonly predicted: readonly number[];
}

const path = new URL('../../../../test/tasks/fixtures/heads.json', import.meta.url);
const fixture = JSON.parse(readFileSync(path, 'utf8')) as {
  readonly classes: number;
  readonly features: number;
  readonly values: readonly number[];
  readonly labels: readonly number[];
  readonly queries: readonly number[];
  readonly neighbors: readonly (Expected & { readonly k: number })[];
  readonly centroids: Expected;
};

const { classes, features: length } = fixture;
export const set: FeatureSet = {
  values: Float32Array.from(fixture.values),
  labels: Int32Array.from(fixture.labels),
  length,
};
const queries: FeatureSet = {
  values: Float32Array.from(fixture.queries),
  labels: new Int32Array(fixture.queries.length / length),
  length,
};

async function assertHead(head: Head, device: Device, expected: Expected, tolerance: number): Promise<void> {
  const logits = await applyHead(head, queries, device);
  const found = softmaxRows({ scores: logits, labels: queries.labels, classes });
  const difference = Math.max(...expected.probabilities.map((p, i) => Math.abs(found[i]! - p)));
  console.log(`# probabilities differ by ${difference.toExponential(1)}`);
  assert.ok(difference <= tolerance, `${difference}`);
  expected.predicted.forEach((label, row) => {
    const own = logits.subarray(row * classes, (row + 1) * classes);
    assert.is(own.indexOf(Math.max(...own)), label, `image ${row}`);
  });
}

/** Every head of the fixture on `device`. */
export async function assertStoredHeads(device: Device, tolerance: number): Promise<void> {
  for (const expected of fixture.neighbors) {
    const head = nearestNeighbors(set.values, set.labels, { outputs: classes, neighbors: expected.k });
    await assertHead(head, device, expected, tolerance);
  }
  await assertHead(linearLayer(prototypes(set, classes)), device, fixture.centroids, tolerance);
}
