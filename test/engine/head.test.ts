/** Training a head on the CPU; what a step costs; memory that stays flat. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { open } from '#src/engine/open';
import { cpuDevice } from '../ops/support.js';
import { Head } from './head.js';
import { costOfStep, SIZES, STEADY_STEP, testHead } from './head-suite.js';

/** Arenas, optimiser, and the slots of the two plans. */
const LIVE_BYTES = 12_796;

testHead('CPU float32', () => cpuDevice('float32'));

test('a step on the CPU costs a fixed number of launches and no memory', async () => {
  const device = await open('cpu');
  const head = new Head(device, 'sgd', SIZES);
  assert.equal(await costOfStep(device, head), { launches: 25, submits: 2, ...STEADY_STEP });
  assert.is(device.plansMade, 2);
  assert.is(device.counters.liveBytes, LIVE_BYTES);
  head.close();
  await device.close();
});

for (const precision of ['float32', 'float64'] as const) {
  test(`memory stays flat over 200 programs on the CPU in ${precision}`, async () => {
    const device = await open('cpu', { precision });
    // A batch of 2 MiB: keeping one per program would show at once.
    const head = new Head(device, 'adam', { batch: 512, features: 1024, hidden: 4, classes: 3 });
    for (let step = 0; step < 10; step++) await head.step();
    const live = device.counters.liveBytes;
    const before = process.memoryUsage();
    for (let step = 0; step < 100; step++) await head.step();
    const after = process.memoryUsage();
    const grown = (after.rss - before.rss) / 2 ** 20;
    console.log(`# resident memory grew by ${grown.toFixed(1)} MiB over 200 programs, ${precision}`);
    assert.ok(grown < 64, `${grown} MiB`);
    assert.is(device.counters.liveBytes, live);
    head.close();
    await device.close();
  });
}

test.run();
