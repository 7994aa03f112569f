/** A thread that ends in the middle of a run: one sentence, and a run that can be resumed. */
import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';
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

const CASES: readonly [name: string, file: RegExp, index: number, code: 'device' | 'input', words: RegExp][] =
  [
    [
      'the conductor of the CPU device',
      /cpu-worker/,
      0,
      'device',
      /^The CPU worker stopped .*: open the device again$/,
    ],
    ['its other thread', /cpu-worker/, 1, 'device', /^The CPU worker stopped .*: open the device again$/],
    // The newest: those of the preparation have ended.
    [
      'a thread that decodes',
      /data.worker/,
      -1,
      'input',
      /^the thread that decoded the image ended .*\.png\): /,
    ],
  ];

for (const [name, file, index, code, words] of CASES) {
  test(`${name} dies: the step fails with one sentence, and the run goes on from its last epoch`, async () => {
    const expected = await whole;
    started.length = 0;
    const run = options();
    await fails(finetune(run, { onEvent: crash(file, index) }), code, words);
    const resumed = await resume({ resume: run.out! });
    await assertSameRuns(resumed.run, expected.run);
  });
}

test.run();
