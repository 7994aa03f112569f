/** Stratified splits and folds, and the generator behind them. */
import { permutation, seededRandom } from '#src/inputs/random';
import { stratifiedFolds, stratifiedSplit } from '#src/inputs/split';
import { AttuneError } from '#src/errors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** `counts[c]` samples of class c, the classes interleaved. */
function labelsOf(counts: number[]): number[] {
  const labels: number[] = [];
  for (let round = 0; round < Math.max(...counts); round++) {
    for (let label = 0; label < counts.length; label++) if (round < counts[label]) labels.push(label);
  }
  return labels;
}

const countOf = (labels: number[], indices: number[]) => {
  const counts = new Map<number, number>();
  for (const index of indices) counts.set(labels[index], (counts.get(labels[index]) ?? 0) + 1);
  return counts;
};

test('each class keeps its share, and has one image on each side where it has two', () => {
  const labels = labelsOf([100, 10, 3, 2, 1]);
  const { train, val } = stratifiedSplit(labels, 0.2, 42);
  assert.equal(
    [...train, ...val].sort((a, b) => a - b),
    [...labels.keys()],
  );
  const inVal = countOf(labels, val);
  assert.equal(
    [0, 1, 2, 3, 4].map((label) => inVal.get(label) ?? 0),
    [20, 2, 1, 1, 0],
  );
  const large = countOf(labels, stratifiedSplit(labels, 0.99, 42).train);
  assert.equal(
    [0, 1, 2, 3, 4].map((label) => large.get(label)),
    [1, 1, 1, 1, 1],
  );
});

test('a share of 0 leaves everything to training', () => {
  assert.equal(stratifiedSplit([0, 0, 1, 1], 0, 1), { train: [0, 1, 2, 3], val: [] });
});

test('a seed decides; another seed splits otherwise; another class changes nothing', () => {
  const labels = labelsOf([40, 40]);
  const first = stratifiedSplit(labels, 0.25, 7);
  assert.equal(stratifiedSplit(labels, 0.25, 7), first);
  assert.not.equal(stratifiedSplit(labels, 0.25, 8), first);
  const withThird = stratifiedSplit([...labels, ...new Array(9).fill(2)], 0.25, 7);
  assert.equal(
    withThird.val.filter((index) => index < labels.length),
    first.val,
  );
});

test('the split of seed 42 never changes: runs must be repeatable across versions', () => {
  assert.equal(stratifiedSplit(labelsOf([10, 10]), 0.2, 42).val, [2, 5, 9, 14]);
  assert.equal([...permutation(10, seededRandom(42, 3, 1))], [6, 8, 7, 9, 0, 3, 5, 1, 4, 2]);
});

test('shares and seeds out of range are wrong usage', () => {
  const usage = (body: () => unknown) =>
    assert.throws(body, (error: unknown) => error instanceof AttuneError && error.code === 'usage');
  for (const share of [-0.1, 1, 2, Number.NaN]) usage(() => stratifiedSplit([0, 1], share, 1));
  usage(() => stratifiedSplit([0, 0, 1], 0.5, 1.5));
  for (const folds of [1, 2.5, 4]) usage(() => stratifiedFolds([0, 0, 1], folds, 1));
});

test('five folds: equal sizes as a whole and within every class', () => {
  const counts = [31, 17, 5, 4, 1, 1, 1, 1];
  const labels = labelsOf(counts);
  const folds = stratifiedFolds(labels, 5, 3);
  const sizes = [0, 1, 2, 3, 4].map((fold) => folds.filter((at) => at === fold).length);
  assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `fold sizes ${sizes}`);
  counts.forEach((_, label) => {
    const inFold = [0, 1, 2, 3, 4].map(
      (fold) => labels.filter((l, i) => l === label && folds[i] === fold).length,
    );
    assert.ok(Math.max(...inFold) - Math.min(...inFold) <= 1, `class ${label}: ${inFold}`);
  });
  assert.equal(stratifiedFolds(labels, 5, 3), folds);
  assert.not.equal(stratifiedFolds(labels, 5, 4), folds);
});

test('random integers are even: each of ten values comes up a tenth of the time', () => {
  const random = seededRandom(1, 2);
  const counts = new Array(10).fill(0);
  for (let i = 0; i < 100_000; i++) counts[random.below(10)]++;
  const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
  assert.ok(chiSquare < 27.9, `chi-square ${chiSquare}`); // one in a thousand, 9 degrees of freedom
});

test('streams of neighbouring seeds and epochs share nothing', () => {
  const seen = new Set<number>();
  for (let seed = 0; seed < 50; seed++) {
    for (let epoch = 0; epoch < 50; epoch++) seen.add(seededRandom(seed, epoch).uint32());
  }
  seen.add(seededRandom(2 ** 40).uint32()).add(seededRandom(0).uint32());
  assert.ok(seen.size >= 2500, `${seen.size} different first values of 2502`);
});

test('a permutation has every index once', () => {
  const order = permutation(1000, seededRandom(5));
  assert.equal(
    [...order].sort((a, b) => a - b),
    [...order.keys()],
  );
  const kept = order.filter((value, index) => value === index).length;
  assert.ok(kept < 10, `${kept} stayed in place`);
});

test.run();
