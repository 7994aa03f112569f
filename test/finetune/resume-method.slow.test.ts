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
  'what the device does to images follows from epoch and image': {
    augment: 'standard,color-jitter,trivial-augment',
  },
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
    await assertResumes(options, 3);
  });
}

test('plateau goes by the losses so far', async () => {
  // No rate to speak of: the second epoch is no better than the first.
  const options = { schedule: 'plateau', plateauPatience: 0, gamma: 0.3, lr: 1e-30, epochs: 3 };
  const { epochs } = await assertResumes(options, 5);
  const rates = epochs.map(({ lr }) => lr.trunk!);
  assert.is(rates[1], rates[0]);
  assert.ok(rates[2]! < rates[1]!, `${rates}`);
});

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

/** Asserts that a run stopped after so many batches, of two to an epoch, and resumed, equals a whole one: returns that. */
async function assertResumes(options: Partial<FinetuneOptions>, batches: number): Promise<FinetuneResult> {
  const run = () => fullRun(data, { augment: 'none', threads: 1, ...options });
  const expected = await finetune(run());
  const stopped = await interrupted(batches, run());
  const resumed = await resume({ resume: stopped.run, threads: 1 });
  const rates = ({ epochs }: FinetuneResult) => epochs.map(({ lr }) => lr);
  assert.equal(rates(resumed), rates(expected));
  await assertSameRuns(resumed.run, expected.run);
  return expected;
}

test.run();
