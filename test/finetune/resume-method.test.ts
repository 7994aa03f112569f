/** What schedules and optimisers keep from epoch to epoch is part of the state: stopped and resumed, nothing differs. */
import { type FinetuneOptions, type FinetuneResult, finetune, resume } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertSameRuns, fullRun, interrupted, smallData } from './full-support.js';

const data = smallData();

/** By what each keeps. */
const METHODS: Readonly<Record<string, Partial<FinetuneOptions>>> = {
  'one-cycle moves the momentum': { schedule: 'one-cycle', optimizer: 'adamw' },
  'plateau goes by the losses so far': { schedule: 'plateau', plateauPatience: 0, gamma: 0.3, lr: 1e-7 },
};

for (const [name, options] of Object.entries(METHODS)) {
  test(name, async () => {
    const run = () => fullRun(data, { augment: 'none', epochs: 3, ...options });
    const expected = await finetune(run());
    const stopped = await interrupted(5, run());
    const resumed = await resume({ resume: stopped.run });
    const rates = ({ epochs }: FinetuneResult) => epochs.map(({ lr }) => lr['trunk']);
    assert.equal(rates(resumed), rates(expected));
    await assertSameRuns(resumed.run, expected.run);
  });
}

test.run();
