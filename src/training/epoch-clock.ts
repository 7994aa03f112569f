/** How long the steps of an epoch take. */
import type { Progress } from '../runs/run-state.js';

/** The first tick has no finished step, the second waits for the first step to compile. */
const WARM_UP_TICKS = 2;

/** Adds time to the progress; the first steps of a process compile and are not counted in its speed. */
export class EpochClock {
  private readonly progress: Progress;
  private last = performance.now();
  private ticks = 0;

  constructor(progress: Progress) {
    this.progress = progress;
  }

  /** What was done since the last tick was no part of a step. */
  restart(): void {
    this.last = performance.now();
  }

  /** `images` were finished since the last tick. Returns the seconds since then. */
  tick(images: number): number {
    const now = performance.now();
    const seconds = (now - this.last) / 1000;
    this.last = now;
    this.progress.seconds += seconds;
    if (++this.ticks > WARM_UP_TICKS) {
      this.progress.timed_seconds += seconds;
      this.progress.timed_images += images;
    }
    return seconds;
  }
}

/** Training speed of the epoch so far; null before it can be told. */
export function imagesPerSecond({ timed_images, timed_seconds }: Progress): number | null {
  return timed_seconds > 0 ? timed_images / timed_seconds : null;
}
