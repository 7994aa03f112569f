/** A run that goes on equals one that never stopped; other runs, and longer ones: resume.slow.test.ts. */
import { appendFileSync, existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FinetuneResult, finetune, resume } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventFiles, eventsOf } from './event-support.js';
import { assertSameRuns, assertSameTensors, fullRun, interrupted, smallData } from './full-support.js';
import { listener } from './support.js';

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
