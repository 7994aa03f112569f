/** What is done on a device one after another: programs, and writes and releases between them. */
export class JobQueue {
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;
  /** Why a job that nobody waits for failed; thrown by the next one that somebody does. */
  private failure: unknown = null;

  /** Whether no job waits or runs. */
  get isIdle(): boolean {
    return this.waiting === 0;
  }

  /** Calls `job` after the jobs before it, whatever became of them. */
  enqueue<T>(job: () => Promise<T>): Promise<T> {
    this.waiting++;
    const result = this.last.then(() => {
      this.throwFailure();
      return job();
    });
    this.last = result.then(
      () => this.waiting--,
      () => this.waiting--,
    );
    return result;
  }

  /** Calls `job` after the jobs before it: now, when there are none. What it throws later, the next `enqueue` throws. */
  inOrder(job: () => void): void {
    if (this.isIdle) {
      job();
      return;
    }
    this.waiting++;
    this.last = this.last.then(() => {
      this.waiting--;
      try {
        job();
      } catch (error) {
        this.failure ??= error;
      }
    });
  }

  /** Waits for the jobs so far, whatever becomes of them. */
  async settled(): Promise<void> {
    await this.last.catch(() => undefined);
  }

  private throwFailure(): void {
    const { failure } = this;
    this.failure = null;
    if (failure !== null) throw failure;
  }
}
