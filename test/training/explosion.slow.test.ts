/** A loss that explodes: the run stops with what to do, or goes back to its last save with lower rates, and tells so. */
import { cpSync } from 'node:fs';
import { AttuneError } from '#src/errors';
import { finetune, type FinetuneOptions, resume, type RunEvent } from '#src/finetune/index';
import { assertNotExploded, exploded, type StepLoss } from '#src/training/explosion';
import { resolveRecipe } from '#src/recipe/recipe';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { facts } from '../report/named-report.js';
import { changeState } from '../finetune/changed-state.js';
import {
  assertSameRuns,
  assertSameTensors,
  fullRun,
  interrupted,
  smallData,
} from '../finetune/full-support.js';
import { fails, listener, newPath } from '../finetune/support.js';

const data = smallData();

/** The first step of the head leaves logits of thousands. */
const wild = { lr: 1e-3, headLr: 3, schedule: 'constant', warmup: 0, momentum: 0, batchSize: 8 } as const;
const notesOf = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === 'note' && /goes back/.test(event.text) ? [event.text] : []));

const two = Math.log(2);
const stepLoss = (loss: number, before: number | null, more: Partial<StepLoss> = {}): StepLoss => ({
  ...{ step: 7, loss, guessed: two, before, began: null, epoch: { mean: loss, steps: 1 } },
  ...more,
});

test('a loss is exploded from 100 times that of guessing and of the steps before on, and when it is no number', async () => {
  assertNotExploded(stepLoss(0, 0.1));
  assertNotExploded(stepLoss(100 * two, 0.1));
  assertNotExploded(stepLoss(1000 * two, null));
  assertNotExploded(stepLoss(1000 * two, 11 * two));
  const check = async (loss: number, before: number | null = 0.5) =>
    assertNotExploded(stepLoss(loss, before));
  await fails(
    check(301, 3),
    'numeric',
    /^the loss of step 7 is 301, more than 100 times the 3\.00 of the steps before$/,
  );
  await fails(check(Number.NaN, null), 'numeric', /not finite/);
  await fails(
    check(100.1 * two),
    'numeric',
    /^the loss of step 7 is 69\.4, more than 100 times the 0\.693 of guessing$/,
  );
  await fails(check(Number.NaN), 'numeric', /^the loss of step 7 is not finite$/);
  await fails(check(Number.POSITIVE_INFINITY), 'numeric', /not finite/);
});

test('so is one that climbs step by step to 20 times what the stage began with', async () => {
  const climbing = async (mean: number, began: number | null, steps = 4) =>
    assertNotExploded(stepLoss(mean, mean / 2, { began, epoch: { mean, steps } }));
  await climbing(19, 1);
  await climbing(2000, 150);
  await climbing(1000, null);
  await climbing(1000, 1, 3);
  await fails(
    climbing(21, 1),
    'numeric',
    /^the loss has climbed to a mean of 21\.0 by step 7, more than 20 times the 1\.00 of its beginning$/,
  );
  await fails(climbing(14, 0.1), 'numeric', /more than 20 times the 0\.693 of guessing$/);
});

test('a run that goes on is measured against what its stage began with', async () => {
  // Four batches are an epoch, the last of them from here; the losses of the others are made up.
  const { run } = await interrupted(3, fullRun(data, { batchSize: 4, epochs: 1 }));
  const [began, mean] = [0.5, 1000];
  const climbed = (beginning: number) =>
    changeState(run, (state) => {
      Object.assign(state.beginning, { stored_loss: beginning });
      Object.assign(state.progress, { loss: mean * 12 });
    });
  await climbed(began);
  await fails(
    resume({ resume: run }),
    'numeric',
    /^the loss has climbed to a mean of 7\d\d by step 4, more than 20 times the 0\.693 of guessing/,
  );
  await climbed(mean);
  assert.is((await resume({ resume: run })).interrupted, false, 'it fell');
});

test('what to type to go on can be typed, spaces in the path of the run and all', async () => {
  const error = new AttuneError({ code: 'numeric', what: 'the loss of step 2 is not finite' });
  const recipe = resolveRecipe({ data: 'photos' }, facts);
  const { hint } = exploded(error, { recipe, explosions: [], progress: { step: 2 } as never }, '/my runs/a');
  assert.match(
    hint ?? '',
    process.platform === 'win32' ? /--resume "\/my runs\/a" / : /--resume '\/my runs\/a' /,
  );
});

test('stop: the state before it is kept, and goes on at a tenth of the rates where that is asked for', async () => {
  const options = fullRun(data, wild);
  await fails(
    finetune(options),
    'numeric',
    /^the loss .* more than \d+ times .* of (guessing|the steps before|its beginning): start with a lower --lr and --head-lr, or go on from the last save at a tenth of them: .*attune.* finetune --resume .* --on-explosion retry$/,
  );
  const context = listener();
  const resumed = await resume({ resume: options.out!, onExplosion: 'retry' }, context);
  assert.ok(resumed.explosions.length > 0);
  assert.is(notesOf(context.events).length, resumed.explosions.length);
  const whole = await finetune(fullRun(data, { ...wild, onExplosion: 'retry' }));
  await assertSameTensors(resumed.checkpoints.last, whole.checkpoints.last);
  assert.equal(resumed.test, whole.test);
});

test('retry: told in events and result, with the rates of the epochs; stopped and resumed, the same bytes', async () => {
  const options: Partial<FinetuneOptions> = { ...wild, epochs: 2, onExplosion: 'retry' };
  const context = listener();
  const whole = await finetune(fullRun(data, options), context);
  const retries = whole.explosions.length;
  assert.ok(retries === 1 || retries === 2, `${retries}`);
  assert.equal(whole.explosions[0], { step: whole.explosions[0]!.step, from_step: 0 });
  const notes = notesOf(context.events);
  assert.is(notes.length, retries);
  assert.match(
    notes[0]!,
    /^Note: the loss .*\. The run goes back to its last save, 0 steps in, and goes on at a tenth of its rates \(retry 1 of 2\)\.$/,
  );
  for (const { lr } of whole.epochs) {
    assert.ok(Math.abs(lr.head! / (3 * 0.1 ** retries) - 1) < 1e-9, JSON.stringify(lr));
  }
  // Three of the steps are done before the explosions.
  const stopped = await interrupted(3 * retries + 2, fullRun(data, options));
  const copy = newPath();
  cpSync(stopped.run, copy, { recursive: true });
  const resumed = await resume({ resume: copy });
  assert.equal(resumed.explosions.length, retries);
  await assertSameRuns(copy, whole.run, []);
  await assertSameTensors(resumed.checkpoints.best, whole.checkpoints.best);
});

test('twice, and no more', async () => {
  const context = listener();
  const options = fullRun(data, { ...wild, lr: 1e20, headLr: 1e20, onExplosion: 'retry' });
  await fails(
    finetune(options, context),
    'numeric',
    /, also at a hundredth of the rates.*: lower --lr and --head-lr, or look for broken files; the state before it is saved$/,
  );
  assert.is(notesOf(context.events).length, 2);
});

test.run();
