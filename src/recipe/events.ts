/** What a long command tells while it runs. The command line prints it; nothing depends on it. */
import type { EpochRecord } from './results.js';

/** One thing that a run tells its listener. */
export type RunEvent =
  /** A line for the person who waits. */
  | { readonly type: 'note'; readonly text: string }
  /** Work that can be counted. `secondsLeft` is null until it can be estimated. */
  | {
      readonly type: 'progress';
      /** What is being done, as the progress bar says it. */
      readonly task: string;
      readonly done: number;
      /** Null while it is unknown. */
      readonly total: number | null;
      readonly secondsLeft: number | null;
      /** What else to show beside the bar, for example a loss. */
      readonly detail?: string;
      /** What `done` and `total` count, where they are no images. */
      readonly unit?: 'bytes';
    }
  /** An epoch of training has ended. */
  | { readonly type: 'epoch'; readonly record: EpochRecord };

/** Called with every event of a run. */
export type Listener = (event: RunEvent) => void;

/** Estimates the time left from the rate so far; the first `warmUp` items are not counted: they compile. */
export class Estimator {
  private readonly total: number;
  private readonly warmUp: number;
  private started: number | null = null;
  private startedAt = 0;

  constructor(total: number, warmUp: number) {
    this.total = total;
    this.warmUp = warmUp;
  }

  /** Seconds left after `done` items at time `now` (milliseconds), or null while there is too little to tell. */
  secondsLeft(done: number, now: number): number | null {
    if (this.started === null) {
      if (done < this.warmUp) return null;
      this.started = done;
      this.startedAt = now;
      return null;
    }
    const counted = done - this.started;
    return counted > 0 ? (((now - this.startedAt) / counted) * (this.total - done)) / 1000 : null;
  }
}
