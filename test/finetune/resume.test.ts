/** A run that goes on equals one that never stopped. */
import { appendFileSync, existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FinetuneResult, finetune, resume } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventFiles, eventsOf } from './event-support.js';
import { assertSameRuns, assertSameTensors, fullRun, interrupted, smallData } from './full-support.js';
import { fails, listener } from './support.js';

const data = smallData();
const metrics = (run: string) => readFileSync(join(run, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');

/** The states that this process has open; none where the system does not tell. */
function openStates(): string[] {
  const folder = '/proc/self/fd';
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    try {
      return readlinkSync(join(folder, name)).match(/state[.\w]*\.safetensors.*$/) ?? [];
    } catch {
      return []; // it was that of the folder
    }
  });
}

const adam = { optimizer: 'adam', batchNorm: 'train', batchSize: 6, epochs: 2 } as const;

test('an interrupted run says so, and can be used as it is', async () => {
  const whole = await finetune(fullRun(data, adam));
  const context = listener();
  const open: string[] = [];
  const result = await interrupted(2, fullRun(data, adam));
  assert.equal(result.epochs, []);
  assert.equal(result.best, { epoch: 0, val_accuracy: null, interval: null });
  assert.is(result.test, null);
  await assertSameTensors(result.checkpoints.best, result.checkpoints.last);

  const resumed = await resume(
    { resume: result.run },
    {
      onEvent(event) {
        context.onEvent?.(event);
        if (event.type === 'progress' && event.task.startsWith('epoch')) open.push(...openStates());
      },
    },
  );
  assert.is(resumed.interrupted, false);
  assert.equal(open, [], 'Windows replaces no file that is open');
  assert.is(resumed.resumed_from, result.run);
  const withoutTime = ({ epochs }: FinetuneResult) =>
    epochs.map(({ seconds: _, images_per_second: __, ...epoch }) => epoch);
  assert.equal(withoutTime(resumed), withoutTime(whole));
  assert.equal(resumed.best, whole.best);
  assert.equal(resumed.test, whole.test);
  await assertSameRuns(resumed.run, whole.run);
  const [, second, ...others] = eventFiles(resumed.run);
  assert.equal(others, [], 'one event file for each process');
  const [version, start] = eventsOf(join(resumed.run, second!));
  assert.is(version!.find(({ number }) => number === 3)?.bytes.toString(), 'brain.Event:2');
  assert.equal(
    start!.slice(1).map(({ number, value, bytes }) => [number, value, [...bytes]]),
    [
      [2, 3, []],
      [7, 0, [8, 1]],
    ],
    'SessionLog.START at the step after the two that were saved',
  );
  const told = context.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
  assert.is(told[0], 'Going on after 0 of 2 epochs and 2 batches.');
});

test('probe-then-full, with momentum, its moments and the metrics of the head', async () => {
  const options = { strategy: 'probe-then-full', epochs: 2, augment: 'flip', sampling: 'balanced' };
  const expected = await finetune(fullRun(data, options));
  const stopped = await interrupted(3, fullRun(data, options));
  const resumed = await resume({ resume: stopped.run, threads: 1 });
  assert.is(resumed.epochs.length, expected.epochs.length);
  await assertSameRuns(resumed.run, expected.run);
});

test('--epochs makes a finished run longer, as if it had been meant so', async () => {
  const constant = { schedule: 'constant', warmup: 0 };
  const long = await finetune(fullRun(data, { ...constant, epochs: 3 }));
  const short = await finetune(fullRun(data, { ...constant, epochs: 2 }));
  await fails(
    resume({ resume: short.run }),
    'input',
    /^nothing is left to do: 2 epochs are done, and 2 were asked for .*: ask for more with --epochs/,
  );
  await fails(resume({ resume: short.run, epochs: 1 }), 'input', /2 epochs are done, and 1 was asked for/);
  const longer = await resume({ resume: short.run, epochs: 3 });
  await assertSameRuns(longer.run, long.run, ['last']);
  const recipe = (run: string) => JSON.parse(readFileSync(join(run, 'recipe.json'), 'utf8'));
  assert.equal(recipe(longer.run), recipe(long.run));
});

test('what a kill has left is cut back to the state', async () => {
  const { run } = await interrupted(3, fullRun(data));
  const line = metrics(run)[0]!;
  assert.is(metrics(run).length, 1);
  writeFileSync(join(run, 'metrics.jsonl'), `${line}\n${line}\n{"epoch":`);
  writeFileSync(join(run, '.state.safetensors.0123456789ab.tmp'), 'half');
  writeFileSync(join(run, 'notes.tmp'), "the user's own");
  const [events] = eventFiles(run);
  const saved = readFileSync(join(run, events!));
  appendFileSync(join(run, events!), saved.subarray(0, 200));
  await resume({ resume: run });
  assert.is(metrics(run).length, 2);
  assert.ok(readFileSync(join(run, events!)).equals(saved));
  assert.ok(!existsSync(join(run, '.state.safetensors.0123456789ab.tmp')));
  assert.ok(existsSync(join(run, 'notes.tmp')));
});

test.run();
