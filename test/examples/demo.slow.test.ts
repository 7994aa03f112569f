/** The demo: fine-tuning gains what it must on the CPU device. */
import { mkdirSync, readdirSync } from 'node:fs';
import { compare } from '#src/examples/demo/compare';
import { gainOver, REQUIRED_GAINS } from '#src/examples/demo/summary';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newPath } from '../finetune/support.js';

/** One seed of the demo's five. */
const SEEDS = [1];

test('all layers gain what they must over training from nothing and over pixels', async () => {
  const folder = newPath();
  mkdirSync(folder);
  const ends: number[] = [];
  const onEvent = (event: { type: string; done?: number; total?: number | null }) => {
    if (event.type === 'progress') ends.push((event.done ?? 0) / (event.total ?? 1));
  };
  const comparison = await compare({ seeds: SEEDS, folder, device: 'cpu' }, { onEvent });
  for (const [method, least] of Object.entries(REQUIRED_GAINS) as ['scratch' | 'pixels', number][]) {
    const gain = gainOver(method, comparison);
    assert.ok(gain >= least, `${gain} points over ${method}`);
  }
  assert.is(ends.at(-1), 1);
  assert.equal(
    readdirSync(folder).filter((name) => name.startsWith('full-')),
    [`full-${SEEDS[0]}`],
  );
});

test.run();
