/** Saves within an epoch: at step boundaries, by a clock that is never set back, and without a trace in the weights. */
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { finetune, type FinetuneOptions, resume } from '#src/finetune/index';
import { SavedStates } from '#src/runs/saved-states';
import { SaveClock } from '#src/training/save-clock';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertSameRuns, fullRun, smallData } from '../finetune/full-support.js';
import { newPath } from '../finetune/support.js';

const data = smallData();

const METHODS: Readonly<Record<string, Partial<FinetuneOptions>>> = {
  full: { strategy: 'full', optimizer: 'adam', batchNorm: 'train', ema: 0.9, schedule: 'one-cycle' },
  'probe-then-full': { strategy: 'probe-then-full', sampling: 'balanced', stochasticDepth: 0.2, mixup: 0.2 },
  gradual: {
    strategy: 'gradual',
    epochs: 4,
    optimizer: 'adamw',
    microBatch: 2,
    augment: 'standard,color-jitter',
  },
};

interface Watched {
  readonly run: string;
  /** A copy of the run folder after every save, by epochs and batches done. */
  readonly copies: ReadonlyMap<string, string>;
}

/** Runs; `always` means that before every step it is time to save. */
async function watched(options: FinetuneOptions, always: boolean): Promise<Watched> {
  const copies = new Map<string, string>();
  const { save } = SavedStates.prototype;
  const isDue = Object.getOwnPropertyDescriptor(SaveClock.prototype, 'isDue')!;
  SavedStates.prototype.save = async function (state, ...rest) {
    await save.call(this, state, ...rest);
    const { epoch, batch } = state.progress;
    const copy = newPath();
    cpSync(options.out!, copy, { recursive: true });
    copies.set(`${epoch}:${batch}`, copy);
  };
  if (always) Object.defineProperty(SaveClock.prototype, 'isDue', { ...isDue, get: () => true });
  try {
    const { run } = await finetune(options);
    return { run, copies };
  } finally {
    SavedStates.prototype.save = save;
    Object.defineProperty(SaveClock.prototype, 'isDue', isDue);
  }
}

for (const [name, method] of Object.entries(METHODS)) {
  test(`${name}: a run that goes on from any save ends with the bytes of the undisturbed one`, async () => {
    const options = { batchSize: 6, ...method };
    const expected = await finetune(fullRun(data, options));
    const { run, copies } = await watched(fullRun(data, options), true);
    await assertSameRuns(run, expected.run);
    const epochs = expected.epochs.filter(({ stage }) => stage !== 'head').length;
    const positions = Array.from({ length: epochs }, (_, epoch) =>
      [0, 1, 2, 3].map((batch) => `${epoch}:${batch}`),
    );
    assert.equal([...copies.keys()], [...positions.flat(), `${epochs}:0`]);
    // Of gradual every other one: they are twice as many.
    const chosen = [...copies].filter(
      ([position], i) => position !== `${epochs}:0` && (epochs < 4 || i % 2 === 1),
    );
    for (const [, copy] of chosen) {
      const resumed = await resume({ resume: copy });
      assert.equal(resumed.test, expected.test);
      assert.equal(resumed.best, expected.best);
      await assertSameRuns(copy, expected.run);
    }
  });
}

test('it is time after so many minutes of a clock that goes forward only', async () => {
  const original = Date.now;
  let now = 1000;
  try {
    const clock = new SaveClock(2, () => now);
    const real = new SaveClock(2);
    const never = new SaveClock(0, () => now);
    for (const jump of [1e12, -1e12]) {
      Date.now = () => original() + jump;
      assert.is(real.isDue, false, 'the time of day was set');
    }
    now += 119_999;
    assert.is(clock.isDue, false);
    now += 1;
    assert.is(clock.isDue, true);
    clock.restart();
    assert.is(clock.isDue, false);
    now += 1e9;
    assert.is(never.isDue, false);
  } finally {
    Date.now = original;
  }
});

test('a run whose time of day jumps back and forth is saved as often, and ends with the same bytes', async () => {
  // Before every step: this is far less than a step takes.
  const options = { batchSize: 6, checkpointMinutes: 1e-9 };
  const expected = await watched(fullRun(data, options), false);
  assert.is(expected.copies.size, 9);
  const original = Date.now;
  let calls = 0;
  Date.now = () => original() + (calls++ % 2 === 0 ? 1 : -1) * 3_600_000;
  try {
    const { run, copies } = await watched(fullRun(data, options), false);
    assert.equal([...copies.keys()], [...expected.copies.keys()]);
    await assertSameRuns(run, expected.run);
    const copy = copies.get('1:2')!;
    await resume({ resume: copy });
    await assertSameRuns(copy, expected.run);
  } finally {
    Date.now = original;
  }
});

test('the interval is kept, and another one may be named when the run goes on', async () => {
  const { copies } = await watched(fullRun(data, { batchSize: 6, checkpointMinutes: 7 }), false);
  assert.equal([...copies.keys()], ['0:0', '1:0', '2:0']);
  const minutes = (run: string) =>
    JSON.parse(readFileSync(join(run, 'recipe.json'), 'utf8')).checkpoint_minutes;
  const run = copies.get('1:0')!;
  assert.is(minutes(run), 7);
  await resume({ resume: run, checkpointMinutes: 3 });
  assert.is(minutes(run), 3);
});

test.run();
