/**
 * Ctrl-C, and the signals by which a scheduler or a closed terminal ends a process: the first asks the work to stop and
 * save, the second ends the process at once.
 */

export const EXIT_INTERRUPTED = 130;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interrupt {
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Gives the signals their usual meaning back. */
  release(): void;
}

/**
 * Listens for them, and answers the first at once.
 * @param stopping what is still done before the end, as a sentence
 */
export function listenForInterrupt(stopping: string, note: (text: string) => void): Interrupt {
  const controller = new AbortController();
  const onInterrupt = () => {
    if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED);
    note(`${stopping} Press Ctrl-C again to end at once.`);
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, onInterrupt);
  return {
    signal: controller.signal,
    release() {
      for (const name of SIGNALS) process.off(name, onInterrupt);
    },
  };
}
