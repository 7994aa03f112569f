/** What a long command runs in: progress on standard error, and Ctrl-C. */
import { commandLine } from '../runs/command-line.js';
import type { RunContext } from '../recipe/options.js';
import { epochLine } from './epoch-line.js';
import { EXIT_INTERRUPTED, listenForInterrupt } from './interrupt.js';
import type { Output } from './output.js';
import { createProgress } from './progress.js';
import { oneLine } from '../text.js';

/** What Ctrl-C is answered with where the work is saved: ended at once, it would go on from where it was saved last. */
export const STOPPING = 'Stopping: the step at hand is finished, and what was done is saved.';

/**
 * Runs `work`, shows what it tells, and puts the terminal in order whatever happens.
 * @param stopping what Ctrl-C is answered with, at once
 */
export async function withSession<T>(
  output: Output,
  work: (context: Required<RunContext>) => Promise<T>,
  stopping = 'Stopping.',
): Promise<T> {
  const progress = createProgress(output);
  const interrupt = listenForInterrupt(stopping, (text) => progress.note(text));
  try {
    return await work({
      signal: interrupt.signal,
      onEvent(event) {
        if (event.type === 'note') progress.note(oneLine(event.text));
        else if (event.type === 'epoch') progress.conclude(epochLine(event.record));
        else progress.update(event);
      },
    });
  } finally {
    interrupt.release();
    progress.finish();
  }
}

/** The exit code of a run; of one that was interrupted, says how to go on with it. */
export function endOf(interrupted: boolean, run: string, output: Output): number {
  if (!interrupted) return 0;
  output.note(`Saved. To go on: ${resumeCommandLine(run)}`);
  return EXIT_INTERRUPTED;
}

/** What to type to go on with a run. */
export function resumeCommandLine(run: string): string {
  return commandLine(['finetune', '--resume', run]);
}
