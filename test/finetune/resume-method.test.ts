/** What schedules and optimisers keep from epoch to epoch is part of the state: stopped and resumed, nothing differs. */
import { type FinetuneOptions, type FinetuneResult, finetune, resume } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { join } from 'node:path';
import {
  assertSameRuns,
  fullRun,
  interrupted,
  readTensors,
  smallData,
  smallWeights,
} from './full-support.js';
import { fails } from './support.js';

const data = smallData();

/** By what each keeps. */
const METHODS: Readonly<Record<string, Partial<FinetuneOptions>>> = {
  'one-cycle moves the momentum': { schedule: 'one-cycle', optimizer: 'adamw' },
  'plateau goes by the losses so far': { schedule: 'plateau', plateauPatience: 0, gamma: 0.3, lr: 1e-7 },
  'moments, averages and the start of the weights are tensors of the state': {
    weights: await smallWeights(),
    optimizer: 'rmsprop',
    momentum: 0.9,
    lr: 1e-4,
    lrDecay: 0.75,
    l2Sp: 0.1,
    ema: 0.9,
  },
};

for (const [name, options] of Object.entries(METHODS)) {
  test(name, async () => {
    const run = () => fullRun(data, { augment: 'none', epochs: 3, threads: 1, ...options });
    const expected = await finetune(run());
    const stopped = await interrupted(5, run());
    const resumed = await resume({ resume: stopped.run, threads: 1 });
    const rates = ({ epochs }: FinetuneResult) => epochs.map(({ lr }) => lr);
    assert.equal(rates(resumed), rates(expected));
    await assertSameRuns(resumed.run, expected.run);
  });
}

test('the average of the weights is what is validated and exported', async () => {
  const { run } = await finetune(fullRun(data, { augment: 'none', ema: 0.9, optimizer: 'adam', threads: 1 }));
  const [state, last] = [
    await readTensors(join(run, 'state.safetensors')),
    await readTensors(join(run, 'last.safetensors')),
  ];
  assert.equal(last.get('fc.bias'), state.get('average.fc.bias'));
  assert.not.equal(last.get('fc.bias'), state.get('model.fc.bias'));
  assert.equal(last.get('bn1.running_mean'), state.get('model.bn1.running_mean'));
});

test('--patience ends the full stage, and there is nothing to resume', async () => {
  // No rate to speak of: no epoch is better than the first.
  const still = { lr: 1e-30, patience: 2, epochs: 9, augment: 'none', threads: 1 };
  const result = await finetune(fullRun(data, still));
  assert.equal([result.epochs.length, result.best.epoch], [3, 1]);
  assert.equal([result.stopped_early, result.interrupted], [true, false]);
  assert.ok(result.test !== null, 'the best is tested, as at the end of any run');
  for (const epochs of [undefined, 12]) {
    await fails(
      resume({ resume: result.run, ...(epochs !== undefined && { epochs }) }),
      'input',
      /^nothing is left to do: the run has ended early, 2 epochs after its best, which was epoch 1 .*--patience$/,
    );
  }
});

test.run();
