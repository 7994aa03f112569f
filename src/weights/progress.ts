/**
 * How far a download is, and how fast: the rate over the last few seconds, not since the start,
 * so that it follows a line that slows down and is not flattered by a resumed beginning.
 */

export interface DownloadProgress {
  /** Bytes on disk, those of an earlier, resumed attempt included. */
  readonly received: number;
  /** Bytes of the whole file; null until the server has told. */
  readonly total: number | null;
  /** Null until there is something to measure. */
  readonly bytesPerSecond: number | null;
  /** True while another process downloads the file and this one waits for it. */
  readonly waiting: boolean;
}

const WINDOW_MS = 5_000;
const SAMPLE_MS = 100;

/** Bytes per second over a sliding window. */
export class RateMeter {
  private samples: { at: number; bytes: number }[] = [];

  /** Begins anew: after a pause, or when the count of bytes fell. */
  reset(): void {
    this.samples = [];
  }

  /**
   * Takes note that `bytes` in all were there at time `at` (milliseconds, any origin), and returns
   * the rate.
   */
  update(bytes: number, at: number): number | null {
    const { samples } = this;
    const last = samples.at(-1);
    if (last === undefined || at - last.at >= SAMPLE_MS) samples.push({ at, bytes });
    while (samples.length > 2 && at - samples[0].at > WINDOW_MS) samples.shift();
    const { at: since, bytes: before } = samples[0];
    return at > since ? ((bytes - before) / (at - since)) * 1000 : null;
  }
}
