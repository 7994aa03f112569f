/** The published charts of bench/ are drawn of the numbers beside them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { BenchDocument } from '#src/cli/commands/bench-text';
import { benchCharts } from '#src/report/bench';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const bench = new URL('../../bench/', import.meta.url);
const folder = new URL('results/epyc-2-cores/', bench);
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8');
const drawn = readdirSync(folder).filter((name) => name.endsWith('.svg'));

test('charts are those of their numbers, and name the adapters', async () => {
  const { comparisonCharts } = await import(new URL('lib/charts.mjs', bench).href);
  const { wholeRunComparisons } = await import(new URL('lib/whole-run/report.mjs', bench).href);
  assert.ok(drawn.length >= 7);
  for (const name of drawn) {
    const numbers = JSON.parse(read(name.replace('.svg', '.json')));
    if (name === 'bench.svg') {
      assert.is(read(name), await benchCharts((numbers as BenchDocument).rows));
      continue;
    }
    const { comparison, comparisons, resnet50, mobilenet, jax } = numbers;
    const compared = name.startsWith('whole-run')
      ? wholeRunComparisons(numbers)
      : (comparisons ?? (comparison && [comparison]) ?? [resnet50, mobilenet, jax].flat());
    assert.is(read(name), await comparisonCharts(compared), name);
    for (const { engines } of compared) assert.ok(read(name).includes(engines[0].setting), name);
  }
});

test('every comparison with peers has charts', () => {
  for (const name of ['cpu', 'inference', 'software', 'torch', 'training', 'whole-run-cpu', 'bench'])
    assert.ok(existsSync(new URL(`${name}.svg`, folder)), name);
});

test.run();
