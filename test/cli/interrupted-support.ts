/** Signals to the real program while its main thread has much to do: when it ends, and how long it was deaf. */
import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { launcher } from './support.js';

/** Milliseconds of its own work that the program may take to end, and to answer at any time. */
const AT_ONCE = 250;
/** A busy machine makes work longer that touches much memory, now and then several times: the fastest run of these counts. */
const RUNS = 3;
/** The same on a machine so busy that a process waits for its turn. */
const SOON = 5000;
/** The exit status of an interrupted command. */
const INTERRUPTED = 130;
/** A run that takes at most so many times as long undisturbed may have been at its end: no two take the same time. */
const LATE = 1.5;
/** Milliseconds below which a signal would come before there is anything to interrupt. */
const SOONEST = 100;
const READING = /^attune: reading was interrupted: run the same command again$/m;

/** Tells when the program listens for signals; and how long its main thread was busy at a time. */
const LISTENING = '# listening';
const tell = `process.on('newListener', (name) => name === 'SIGINT' && console.error('${LISTENING}'))`;
const watch = [
  ...['--import', `data:text/javascript,${encodeURIComponent(tell)}`],
  ...['--import', new URL('../finetune/watch-event-loop.js', import.meta.url).href],
];

interface Ended {
  readonly status: number | null;
  readonly stderr: string;
  /** From the signal on. */
  readonly milliseconds: number;
}

export interface Interruption {
  readonly signal?: NodeJS.Signals;
  /** Milliseconds from when the program listens for signals on; by default some tenths of a second: a file is read then. */
  readonly after?: number;
  /** What it must say. */
  readonly sentence?: RegExp;
}

/** Runs the program, and sends the signal, if any, some time after it listens for signals. */
async function ended(words: readonly string[], signal: NodeJS.Signals | null, after: number): Promise<Ended> {
  const child = spawn(process.execPath, [...watch, launcher, ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  const listens = new Promise<void>((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      if (stderr.includes(LISTENING)) resolve();
    });
  });
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
  await Promise.race([listens, closed]);
  await wait(after);
  const before = performance.now();
  if (signal !== null) child.kill(signal);
  const status = await closed;
  return { status, stderr, milliseconds: performance.now() - before };
}

/** Asserts that the program ends at once with the sentence for what it was reading, and could have at any time before. */
export async function assertEndsSoon(
  name: string,
  words: readonly string[],
  { signal = 'SIGINT', after = 600, sentence = READING }: Interruption = {},
): Promise<void> {
  let busy = Infinity;
  let delay = after;
  for (let run = 0; run < RUNS && busy >= AT_ONCE; run++) {
    const { status, stderr, milliseconds } = await ended(words, signal, delay);
    if (status !== INTERRUPTED && delay > SOONEST) {
      // A fast machine has read the file by then, or is about to leave: it gets the signal sooner.
      const { milliseconds: whole } = await ended(words, null, 0);
      assert.ok(whole < LATE * delay, `ended with ${status} at ${delay} of ${whole} ms: ${stderr}`);
      delay /= 2;
      run--;
      continue;
    }
    assert.is(status, INTERRUPTED, stderr);
    assert.match(stderr, sentence);
    assert.ok(milliseconds < SOON, `ended after ${milliseconds} ms`);
    busy = Number(/^# busy for (\d+) ms at most$/m.exec(stderr)?.[1]);
    assert.ok(busy >= 0, stderr);
    console.log(`# ${name}: ended after ${Math.round(milliseconds)} ms, busy for ${busy} ms at most`);
  }
  assert.ok(busy < AT_ONCE, `busy for ${busy} ms at a time`);
}
