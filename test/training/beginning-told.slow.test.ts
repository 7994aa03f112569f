/** What the full stage begins with is told by lr-find, and afterwards by advise and the report: beginning.test.ts has the rest. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { advise, finetune, findRate, type RunAdvice } from '#src/finetune/index';
import { report } from '#src/report/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fullRun, smallData, smallWeights } from '../finetune/full-support.js';
import { listener } from '../finetune/support.js';

const data = smallData();

test('lr-find says what its sweep begins with', async () => {
  // A stored mean so far off that hardly anything gets through the first ReLU.
  const weights = await smallWeights(1.5);
  const context = listener();
  const { out: _, epochs: __, ...options } = fullRun(data, { weights, strategy: 'probe-then-full' });
  await findRate({ ...options, batchNorm: 'auto', batchSize: 16, iterations: 2 }, context);
  const notes = context.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
  const said = notes.filter((text) => text.startsWith('Before the first step the loss is '));
  assert.is(said.length, 1, notes.join('\n'));
  assert.match(said[0], /[\d.]+ with the stored statistics of batch norm and [\d.]+ with those of batches/);
});

test('of a run whose start threw its head away, advise and the report name the cause', async () => {
  const weights = await smallWeights();
  const rates = { epochs: 1, lr: 1e-4, headLr: 1e-4 };
  const { run } = await finetune(fullRun(data, { weights, strategy: 'probe-then-full', ...rates }));
  const path = join(run, 'recipe.json');
  const recipe = JSON.parse(readFileSync(path, 'utf8'));
  const { beginning } = recipe.made_by;
  assert.ok(beginning.stored_loss > 0 && beginning.head_norm > 0, JSON.stringify(beginning));
  // As if the head had been far better than the first epoch was.
  writeFileSync(
    path,
    JSON.stringify({ ...recipe, made_by: { beginning: { ...beginning, stored_loss: 0.01 } } }),
  );
  const { advice } = (await advise({ path: run, features: false, workers: 1 })) as RunAdvice;
  const rules = advice.map(({ rule }) => rule);
  assert.ok(rules.includes('thrown-away'), rules.join());
  await report({ run, evaluate: false });
  const page = readFileSync(join(run, 'report.html'), 'utf8');
  assert.match(page, /where the head had 0\.0100 before the first step: the rate is too high/);
});

test.run();
