/** What a long command runs in: progress on standard error, and Ctrl-C. */
import type { RunContext } from '../finetune/options.js';
import { epochLine } from './epoch-line.js';
import { listenForInterrupt } from './interrupt.js';
import type { Output } from './output.js';
import { createProgress } from './progress.js';
import { oneLine } from '../text.js';

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
