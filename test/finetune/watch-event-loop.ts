/**
 * Loaded into a training process before the program (`--import`): watches how long its main thread is busy at a time,
 * from the first step or feature on, and writes the longest to standard error at the end: `# busy for 12 ms at most`.
 *
 * Processor time is what counts: on a busy machine a thread also waits for its turn, and that is not its fault. Linux
 * tells it of one thread; elsewhere the time on the wall has to do.
 */
import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const LOOK_MS = 10;

/** Milliseconds of processor time that the main thread has had. */
function threadTime(): number {
  if (process.platform !== 'linux') return performance.now();
  return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[0]) / 1e6;
}

if (isMainThread) {
  let longest = 0;
  let last = threadTime();
  setInterval(() => {
    const now = threadTime();
    longest = Math.max(longest, now - last);
    last = now;
  }, LOOK_MS).unref();

  const { stderr } = process;
  const write = stderr.write;
  let training = false;
  stderr.write = (...words: unknown[]) => {
    if (!training && /^(?:epoch|features)/.test(String(words[0]))) {
      training = true;
      longest = 0;
    }
    return write.apply(stderr, words as Parameters<typeof write>);
  };
  process.on('exit', () => stderr.write(`# busy for ${Math.round(longest)} ms at most\n`));
}
