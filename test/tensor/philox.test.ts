/** Random numbers: known answers, and the statistics of what is made from them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dropout } from '#src/ops/pointwise/dropout';
import { ones } from '#src/ops/core/constant';
import { generator, normals, PURPOSE, philox, uniform, uniforms } from '#src/tensor/philox';
import { assertThrows, cpuDevice } from '../ops/support.js';
import { KNOWN_ANSWERS } from './philox-vectors.js';

const COUNT = 100_000;

function moments(values: ArrayLike<number>): { mean: number; variance: number } {
  let mean = 0;
  for (let i = 0; i < values.length; i++) mean += values[i] / values.length;
  let variance = 0;
  for (let i = 0; i < values.length; i++) variance += (values[i] - mean) ** 2 / values.length;
  return { mean, variance };
}

test('Philox gives the words that its authors publish', () => {
  for (const { counter, key, words } of KNOWN_ANSWERS) assert.equal(philox(counter, key), words);
});

test('uniform numbers: in [0, 1), exact in float32, even in mean, variance and lag', () => {
  assert.equal([uniform(0), uniform(0xffffffff)], [0, 1 - 2 ** -24]);
  const values = uniforms(COUNT, 1, PURPOSE.shuffle);
  assert.ok(values.every((x) => x >= 0 && x < 1 && Math.fround(x) === x));
  const { mean, variance } = moments(values);
  assert.ok(Math.abs(mean - 1 / 2) < 5 * Math.sqrt(1 / 12 / COUNT), `mean ${mean}`);
  assert.ok(Math.abs(variance - 1 / 12) < 1e-3, `variance ${variance}`);
  const lagged = moments(values.map((x, i) => (x - 0.5) * (values[(i + 1) % COUNT] - 0.5))).mean;
  assert.ok(Math.abs(lagged) < (5 * (1 / 12)) / Math.sqrt(COUNT), `lag ${lagged}`);
});

test('normals: mean 0, deviation 1, tails as they should be', () => {
  const values = normals(COUNT, 2, PURPOSE.initialization);
  const { mean, variance } = moments(values);
  assert.ok(Math.abs(mean) < 5 / Math.sqrt(COUNT), `mean ${mean}`);
  assert.ok(Math.abs(variance - 1) < 0.03, `variance ${variance}`);
  const beyond = values.filter((x) => Math.abs(x) > 1.959964).length / COUNT;
  assert.ok(Math.abs(beyond - 0.05) < 0.004, `${beyond} beyond two deviations`);
  assert.ok(values.every(Number.isFinite));
  assert.equal([...normals(3, 2, 1)], [...normals(4, 2, 1)].slice(0, 3), 'odd counts');
});

test('streams of other seeds, purposes and arrays differ; the same ones do not', () => {
  const of = (seed: number, purpose: number, stream = 0) => uniforms(64, seed, purpose, stream).join();
  const different = new Set([of(1, 1), of(2, 1), of(1, 2), of(1, 1, 1), of(0, 1)]);
  assert.is(different.size, 5);
  assert.is(of(1, 1), of(1, 1));
});

test('a seed is a whole number of 32 bits', async () => {
  assert.equal(generator(4294967295), { seed: 4294967295, step: 0 });
  for (const seed of [-1, 0.5, 2 ** 32, Number.NaN])
    await assertThrows(() => generator(seed), 'program', /is not a seed/);
});

test('dropout drops its share, keeps the mean, and differs by launch, step and seed', async () => {
  const device = await cpuDevice('float64');
  const random = generator(3);
  for (const probability of [0.1, 0.5, 0.9]) {
    const values = await device.run(() => dropout(ones([COUNT]), probability, random));
    const dropped = values.filter((x) => x === 0).length / COUNT;
    assert.ok(
      Math.abs(dropped - probability) < 5 * Math.sqrt((probability * (1 - probability)) / COUNT),
      `${dropped}`,
    );
    assert.ok(Math.abs(moments(values).mean - 1) < 0.05);
  }
  const mask = async (seed: number, step: number, launches = 1) => {
    const results = await device.run(() => {
      const source = { ...generator(seed), step };
      return Array.from({ length: launches }, () => dropout(ones([64]), 0.5, source));
    });
    return results[launches - 1].join();
  };
  assert.is(new Set([await mask(1, 1), await mask(1, 2), await mask(2, 1), await mask(1, 1, 2)]).size, 4);
  assert.is(await mask(1, 1), await mask(1, 1));
  assert.equal([...(await device.run(() => dropout(ones([4]), 0, random)))], [1, 1, 1, 1]);
  for (const probability of [1, -0.1, Number.NaN]) {
    await assertThrows(
      () => device.run(() => dropout(ones([4]), probability, random)),
      'shape',
      /is not in \[0, 1\)/,
    );
  }
});

test.run();
