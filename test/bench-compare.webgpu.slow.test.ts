/** Two engines side by side as bench/ compares them: the same work is timed in turn, other work has no time. */
import { probeAdapters } from '#src/device/webgpu/node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sharedWebGPU } from './device/shared-webgpu.js';

const library = (name: string) => import(new URL(`../../bench/lib/${name}.mjs`, import.meta.url).href);

const { compareTask } = await library('compare-task');
const { SMALL } = await library('networks');
const ours = { engine: 'attune', kind: 'cpu', threads: 1 };
const common = {
  network: SMALL,
  side: 16,
  batch: 2,
  ours,
  rounds: 3,
  target: { sense: 'speedup', ratio: 1 },
};

for (const task of ['inference', 'training']) {
  test(`${task}: each engine runs in every round, and results are compared`, async () => {
    const { engines, ratio, difference, losses } = await compareTask({ ...common, task, peer: ours });
    assert.equal(
      engines.map(({ rounds }: { rounds: number[] }) => rounds.length),
      [3, 3],
    );
    assert.ok(ratio > 0);
    if (task === 'inference') assert.is(difference, 0);
    else for (const [a, b] of losses) assert.is(a, b);
  });

  test(`${task}: an engine with other weights has no time`, async () => {
    const other = { ...ours, seed: 8 };
    await rejects(
      compareTask({ ...common, task, peer: other }),
      /^the (outputs differ|losses of step 1 are) /,
    );
  });
}

test('an engine on another adapter has no time, unless that was meant', async () => {
  const { compare } = await library('compare');
  const { SameOutputs } = await library('agreement');
  const { adapter } = (await sharedWebGPU()).info;
  const elsewhere = { engine: 'attune', kind: 'webgpu', adapter };
  const seeded = { network: SMALL, side: 16, batch: 2, seed: 7, task: 'inference' };
  const options = { ours, peer: elsewhere, common: seeded, warmUpRuns: 1, rounds: 1, log: () => {} };
  const side = (sameAdapter: boolean) =>
    compare({ ...options, sameAdapter, agreement: new SameOutputs(), target: common.target });
  await rejects(side(true), / runs on .*, attune \S+ webgpu on /);
  assert.ok((await side(false)).difference < 1e-4);
});

test('a processor that plays a GPU is none, unless it is named', async () => {
  const { findAdapter } = await library('program');
  const { adapter } = (await sharedWebGPU()).info;
  assert.is(await findAdapter(adapter, { hardware: true }), adapter);
  const hardware = (await probeAdapters(true)).find(({ software }) => !software);
  if (hardware !== undefined) assert.is(await findAdapter(undefined, { hardware: true }), hardware.adapter);
  else await rejects(findAdapter(undefined, { hardware: true }), /^there is no hardware GPU adapter$/);
});

async function rejects(promise: Promise<unknown>, message: RegExp): Promise<void> {
  const error = await promise.then(
    () => assert.unreachable('it has a time'),
    (reason: Error) => reason,
  );
  assert.match((error as Error).message, message);
}

test.run();
