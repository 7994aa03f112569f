/** When a run is to be saved within an epoch. */

/** Goes by a clock that only goes forward, whatever the time of day is set to. */
export class SaveClock {
  private readonly interval: number;
  private readonly now: () => number;
  private savedAt: number;

  /**
   * @param minutes between two saves; 0: it is never time
   * @param now milliseconds since any moment; for tests
   */
  constructor(minutes: number, now: () => number = () => performance.now()) {
    this.interval = 60_000 * minutes;
    this.now = now;
    this.savedAt = now();
  }

  get isDue(): boolean {
    return this.interval > 0 && this.now() - this.savedAt >= this.interval;
  }

  /** The run was saved now. */
  restart(): void {
    this.savedAt = this.now();
  }
}
