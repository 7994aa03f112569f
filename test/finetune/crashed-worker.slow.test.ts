/**
 * A thread that ends in the middle of a run. One of the device: the run goes on with another device, and gives up where that
 * is of no use. One that decodes: one sentence, and a run that can be resumed.
 */
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import threads from 'node:worker_threads';
import * as assert from 'uvu/assert';
import { finetune, type RunEvent, resume } from '#src/finetune/index';
import { test } from 'uvu';
import { assertSameRuns, fullRun, smallData } from './full-support.js';
import { fails } from './support.js';

/** Every worker thread that was started, with its file. */
const started: { readonly file: string; readonly worker: threads.Worker }[] = [];

class WatchedWorker extends threads.Worker {
  constructor(...options: ConstructorParameters<typeof threads.Worker>) {
    super(...options);
    started.push({ file: String(options[0]), worker: this });
  }
}
Object.assign(threads, { Worker: WatchedWorker });
/** How long the run has waited for its device, in milliseconds; the test does not wait. */
const pauses: number[] = [];
Object.assign(timers, { setTimeout: async (pause: number) => void pauses.push(pause) });
syncBuiltinESMExports();

const data = smallData();
const options = () => fullRun(data, { epochs: 3, batchSize: 4, threads: 2 });
const whole = finetune(options());

/** Ends the `index`th of the run's threads with this file at every step from the second epoch on: one may be idle. */
function crash(file: RegExp, index: number) {
  return (event: RunEvent) => {
    if (event.type !== 'progress' || !/^epoch [23]/.test(event.task)) return;
    void started
      .filter((thread) => file.test(thread.file))
      .at(index)!
      .worker.terminate();
  };
}

for (const [name, index] of [
  ['the conductor of the CPU device', 0],
  ['its other thread', 1],
] as const) {
  test(`${name} dies: the run goes on with another device from its last epoch`, async () => {
    const expected = await whole;
    started.length = 0;
    const events: RunEvent[] = [];
    // The threads of the first device; they die once.
    const crashFirst = crash(/cpu-worker/, index);
    const result = await finetune(options(), {
      onEvent(event) {
        events.push(event);
        crashFirst(event);
      },
    });
    const notes = events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
    const [note] = notes.filter((text) => text.includes('The CPU worker stopped'));
    assert.match(note ?? '', /The device is opened again\. [1-4] steps? (is|are) repeated\.$/);
    assert.is(result.device_losses, 1);
    assert.is(result.resumed_from, null);
    await assertSameRuns(result.run, expected.run);
  });
}

test('every device dies at the same place: the run gives up with one sentence, and can be resumed', async () => {
  const expected = await whole;
  pauses.length = 0;
  const run = options();
  // The newest: the conductor of the device at hand is started before its other thread.
  const error = await fails(
    finetune(run, { onEvent: crash(/cpu-worker/, -2) }),
    'device',
    /^The CPU worker stopped .*, and so again 3 times \(CPU device\): when the device works again, go on with /,
  );
  assert.ok(error.hint?.endsWith(` finetune --resume ${run.out}`));
  assert.equal(pauses, [500, 2000, 8000]);
  const resumed = await resume({ resume: run.out! });
  assert.is(resumed.device_losses, 0);
  await assertSameRuns(resumed.run, expected.run);
});

test('a thread that decodes dies: the step fails with one sentence, and the run goes on from its last epoch', async () => {
  const expected = await whole;
  const run = options();
  // The newest: those of the preparation have ended.
  const failing = finetune(run, { onEvent: crash(/image.worker/, -1) });
  await fails(failing, 'input', /^the thread that decoded the image ended .*\.png\): /);
  await assertSameRuns((await resume({ resume: run.out! })).run, expected.run);
});

test.run();
