/**
 * Threads that compute one run together. The units of every phase of a command are cut into fixed shares, one for each
 * thread. A thread takes its own and then those that nobody has begun: one that the system has not woken yet, or keeps
 * off the processor, holds up nobody. The next phase begins when all shares are done, for it may read what any of them
 * wrote. Units are independent, so neither the number of threads nor who computes what changes the result.
 *
 * The threads meet in a few shared words. Phases are numbered on from run to run, so that a thread that comes too late
 * for a run finds all its shares taken. Who waits spins for a moment, for most phases are short, and then sleeps.
 */

/** Shares that are done since the team began; threads that help the conductor; whether one failed; whether one ended. */
const DONE = 0;
const HELPERS = 1;
const FAILED = 2;
const ENDED = 3;
/** From here on for each share: the first phase in which nobody has taken it. */
const TAKEN = 4;

/** Looks before sleeping: some 200 microseconds. */
const SPINS = 40_000;
/** Sleepers look this often whether a thread has ended without notice, in milliseconds. */
const LOOK_AGAIN_MS = 1000;

/** The shared words of a team. */
export function newControl(threads: number): SharedArrayBuffer {
  return new SharedArrayBuffer((TAKEN + threads) * Int32Array.BYTES_PER_ELEMENT);
}

export class Team {
  readonly threads: number;
  /** This thread's number; 0 is the conductor. */
  readonly index: number;
  readonly #control: Int32Array;
  /** Numbers are 32 bits wide and start again: only their differences count. */
  #phase = 0;

  constructor(control: SharedArrayBuffer, threads: number, index: number) {
    this.#control = new Int32Array(control);
    this.threads = threads;
    this.index = index;
  }

  /** The phase that this thread is in, or that the conductor's next run begins with. */
  get phase(): number {
    return this.#phase;
  }

  /** Called by the conductor before it tells the others of a run. */
  begin(): void {
    Atomics.store(this.#control, FAILED, 0);
  }

  /** Calls `body` as part of the run that begins with `phase`, on a thread that helps the conductor. */
  help(phase: number, body: () => void): void {
    const control = this.#control;
    Atomics.add(control, HELPERS, 1);
    try {
      this.#phase = phase;
      body();
    } finally {
      if (Atomics.sub(control, HELPERS, 1) === 1) Atomics.notify(control, HELPERS);
    }
  }

  /** Units begin <= u < end of a share of this phase that nobody has begun, this thread's own first; or null. */
  take(units: number): readonly [begin: number, end: number] | null {
    const { threads, index } = this;
    for (let i = 0; i < threads && !this.over; i++) {
      const share = (index + i) % threads;
      const next = (this.#phase + 1) | 0;
      if (Atomics.compareExchange(this.#control, TAKEN + share, this.#phase, next) !== this.#phase) continue;
      return [Math.floor((units * share) / threads), Math.floor((units * (share + 1)) / threads)];
    }
    return null;
  }

  /** Says that a share that was taken is done. */
  done(): void {
    const done = Atomics.add(this.#control, DONE, 1) + 1;
    if ((done | 0) === this.#shares(this.#phase + 1)) Atomics.notify(this.#control, DONE);
  }

  /** Says that this thread has failed at a share: the run is over for all. */
  fail(): void {
    Atomics.store(this.#control, FAILED, 1);
    // Those who are about to sleep see that something has changed.
    Atomics.add(this.#control, DONE, 1);
    Atomics.notify(this.#control, DONE);
  }

  /** Waits until all shares of this phase are done, and goes on to the next. False when the run is over for all. */
  next(): boolean {
    const control = this.#control;
    const end = this.#shares(this.#phase + 1);
    const isDone = () => ((Atomics.load(control, DONE) - end) | 0) >= 0;
    for (let i = 0; i < SPINS && !isDone(); i++);
    while (!isDone() && !this.over) {
      const done = Atomics.load(control, DONE);
      if (((done - end) | 0) < 0 && !this.over) Atomics.wait(control, DONE, done, LOOK_AGAIN_MS);
    }
    this.#phase = (this.#phase + 1) | 0;
    return !this.over;
  }

  /**
   * After a run of so many phases from `begin` on that failed: waits until nobody works at it any more, and takes what
   * is left of it. Only the conductor calls it.
   */
  abandon(begin: number, phases: number): void {
    const control = this.#control;
    for (;;) {
      const helpers = Atomics.load(control, HELPERS);
      if (helpers === 0 || this.#ended) break;
      Atomics.wait(control, HELPERS, helpers, LOOK_AGAIN_MS);
    }
    this.#phase = (begin + phases) | 0;
    for (let share = 0; share < this.threads; share++) Atomics.store(control, TAKEN + share, this.#phase);
    Atomics.store(control, DONE, this.#shares(this.#phase));
  }

  /** Whether no more is to be done in this run: a thread has failed, or has ended. */
  get over(): boolean {
    return Atomics.load(this.#control, FAILED) !== 0 || this.#ended;
  }

  get #ended(): boolean {
    return Atomics.load(this.#control, ENDED) !== 0;
  }

  /** Shares of all phases before this one. */
  #shares(phase: number): number {
    return Math.imul(this.threads, phase);
  }
}

/** Called by the main thread when a thread of the team has ended: those who wait for it give up. */
export function endTeam(control: SharedArrayBuffer): void {
  const words = new Int32Array(control);
  Atomics.store(words, ENDED, 1);
  for (const word of [DONE, HELPERS]) Atomics.notify(words, word);
}
