/**
 * Which statistics of batch norm `full` uses under its new head, where the running ones cannot follow those of batches:
 * beginning.test.ts has the quick part.
 */
import { finetune, type FinetuneOptions, findRate, resume } from '#src/finetune/index';
import { openRunState } from '#src/runs/run-state';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  assertSameRuns,
  fullRun,
  interrupted,
  readTensors,
  smallData,
  smallWeights,
} from '../finetune/full-support.js';
import { listener } from '../finetune/support.js';

const data = smallData();
const weights = await smallWeights();
/** With a stored mean so far off that hardly anything gets through the first ReLU. */
const blind = await smallWeights(1.5);

const OPTIONS = { batchNorm: 'auto', batchSize: 16, lr: 1e-4, headLr: 1e-4 } as const;
const optionsOf = (more: Partial<FinetuneOptions>) => fullRun(data, { ...OPTIONS, ...more });

/** What was told of the comparison. */
function told({ events }: ReturnType<typeof listener>): string {
  const notes = events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
  assert.not(
    notes.some((text) => /L2 strength/.test(text)),
    'the head is put aside',
  );
  return notes.filter((text) => /to compare them/.test(text)).join('\n');
}

async function stateOf(run: string) {
  const { state, file } = await openRunState(run);
  await file.close();
  return state;
}

test('statistics that make a better head are kept, and the head is new all the same', async () => {
  const context = listener();
  const { run } = await finetune(optionsOf({ weights: blind, epochs: 1 }), context);
  assert.match(told(context), /the statistics were taken anew from the training data/);
  const { beginning, best, epochs } = await stateOf(run);
  assert.ok(Math.abs(beginning!.stored_loss! - Math.log(2)) < 0.3, `${beginning!.stored_loss}`);
  assert.is(epochs.length, 1);
  assert.is(best?.epoch, 1, 'no head of a probe is a candidate');
});

test('where both statistics agree the run is that of those of batches, byte for byte', async () => {
  const { checkpoints } = await finetune(
    optionsOf({ weights: blind, strategy: 'probe-then-full', epochs: 1 }),
  );
  const own = { weights: checkpoints.best, epochs: 1 };
  const context = listener();
  const open = await finetune(optionsOf(own), context);
  assert.match(told(context), /: those of batches are used\.$/);
  const asked = await finetune(optionsOf({ ...own, batchNorm: 'train' }));
  assert.equal(await readTensors(open.checkpoints.last), await readTensors(asked.checkpoints.last));
  assert.equal(open.beginning, asked.beginning);
});

test('interrupted and resumed, the run keeps what was decided', async () => {
  const whole = await finetune(optionsOf({ weights, epochs: 2 }));
  const { run } = await interrupted(1, optionsOf({ weights, epochs: 2 }));
  const context = listener();
  await resume({ resume: run, threads: 1 }, context);
  assert.is(told(context), '', 'nothing is decided again');
  assert.is((await stateOf(run)).frozen.batch_norm, 'frozen');
  await assertSameRuns(run, whole.run);
});

test('lr-find sweeps with the statistics that the run would have', async () => {
  const { out: _, ...options } = optionsOf({ weights, epochs: 2, strategy: 'full' });
  const context = listener();
  await findRate({ ...options, iterations: 2 }, context);
  assert.match(told(context), /the stored ones are kept\.$/);
});

test.run();
