/**
 * Long work on the calling thread, such as reading a large file, that lets others have their turn: without a pause no
 * Ctrl-C is heard and no AbortSignal is seen before its end. Whoever loops over what a file holds asks in each round:
 *
 *     if (pauses.due) await pauses.take();
 */
import { AttuneError } from './errors.js';

/** Milliseconds of work between two pauses, each of which takes about one. */
const WORK = 40;
/** The clock is looked at in one of so many rounds, since that takes a tenth of a microsecond; a power of two. */
const ROUNDS = 8;

/** Numbers that are worked on between two questions for a pause: one takes nanoseconds, as the question does. */
export const NUMBERS_AT_ONCE = 2 ** 14;

/** The pauses of one piece of work, all parts of which share them. */
export class Pauses {
  readonly #signal: AbortSignal | undefined;
  #next = performance.now() + WORK;
  #rounds = 0;

  /** @param signal ends the work at its next pause */
  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** Whether the last pause is long enough ago. A round of work may take some milliseconds, not more. */
  get due(): boolean {
    return (++this.#rounds & (ROUNDS - 1)) === 0 && performance.now() >= this.#next;
  }

  /** Lets everything that waits have its turn. Throws AttuneError 'interrupted' when the signal is aborted. */
  async take(): Promise<void> {
    await new Promise((resolve) => {
      setTimeout(resolve);
    });
    this.throwIfAborted();
    this.#next = performance.now() + WORK;
  }

  /** For work that waits by itself: throws AttuneError 'interrupted' when the signal is aborted. */
  throwIfAborted(): void {
    if (!this.#signal?.aborted) return;
    const what = 'reading was interrupted';
    throw new AttuneError({ code: 'interrupted', what, hint: 'run the same command again' });
  }
}
