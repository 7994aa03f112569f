/** Trying again: failures that may pass are answered with growing pauses, for a number of times. */

import { setTimeout as sleep } from 'node:timers/promises';
import { TransferFailure } from './transfer.js';

const LONGEST_PAUSE_MS = 60_000;

export interface RetryOptions {
  /** Failures in a row before giving up. */
  readonly attempts: number;
  /** The first pause; each further one is twice as long. */
  readonly firstPauseMs: number;
  /** Asked after a failure: whether something came of the attempt all the same. Then the count begins anew. */
  readonly hasProgressed?: (() => boolean) | undefined;
  readonly onRetry?: ((reason: string, pauseMs: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The result of the first attempt that succeeds. Throws the failure that ended it, or the signal's reason. */
export async function withRetries<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { attempts, firstPauseMs, hasProgressed, onRetry, signal } = options;
  for (let failures = 0; ; ) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof TransferFailure) || !error.transient) throw error;
      const hasMore = hasProgressed?.() === true && !error.isSlow;
      failures = hasMore ? 1 : failures + 1;
      if (failures >= attempts) throw error;
      const pause = firstPauseMs * 2 ** (failures - 1);
      const pauseMs = Math.min(Math.max(pause, error.retryAfterMs ?? 0), LONGEST_PAUSE_MS);
      onRetry?.(error.message, pauseMs);
      await sleep(pauseMs, undefined, { signal });
    }
  }
}
