/** Ctrl-C: the first asks the work to stop and save, the second ends the process at once. */

const EXIT_INTERRUPTED = 130;

export interface Interrupt {
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Gives Ctrl-C its usual meaning back. */
  release(): void;
}

/**
 * Listens for Ctrl-C, and answers the first at once.
 * @param stopping what is still done before the end, as a sentence
 */
export function listenForInterrupt(stopping: string, note: (text: string) => void): Interrupt {
  const controller = new AbortController();
  const onInterrupt = () => {
    if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED);
    note(`${stopping} Press Ctrl-C again to end at once.`);
    controller.abort();
  };
  process.on('SIGINT', onInterrupt);
  return { signal: controller.signal, release: () => process.off('SIGINT', onInterrupt) };
}
