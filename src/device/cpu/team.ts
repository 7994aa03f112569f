/**
 * Threads that compute one run together. Each takes a fixed share of every command's units and then waits for the
 * others at a barrier: the next command may read what any of them wrote. Units are independent, so the number of
 * threads changes nothing about the result.
 *
 * The threads meet in a few shared words. They spin for a moment, for most commands are short, and then sleep.
 */
export const CONTROL_WORDS = 4;
/** Threads that have arrived; how often all have; whether one has failed; whether one has ended. */
const ARRIVED = 0;
const GENERATION = 1;
const FAILED = 2;
const ENDED = 3;

/**
 * Looks before sleeping: some 200 microseconds. Who sleeps between two phases may be woken on the processor of the one
 * that wakes it, and shares that until the system moves it, which takes longer than most phases.
 */
const SPINS = 40_000;
/** Sleepers look this often whether a thread has ended without notice, in milliseconds. */
const LOOK_AGAIN_MS = 1000;

export class Team {
  readonly threads: number;
  /** This thread's number; 0 is the conductor. */
  readonly index: number;
  readonly #control: Int32Array;

  constructor(control: SharedArrayBuffer, threads: number, index: number) {
    this.#control = new Int32Array(control);
    this.threads = threads;
    this.index = index;
  }

  /** This thread's share of `units`: begin <= u < end. */
  share(units: number): readonly [begin: number, end: number] {
    const { threads, index } = this;
    return [Math.floor((units * index) / threads), Math.floor((units * (index + 1)) / threads)];
  }

  /** Called by the conductor before the others begin. */
  reset(): void {
    Atomics.store(this.#control, FAILED, 0);
  }

  /** Says that this thread has failed; the run ends for all at the next barrier. */
  fail(): void {
    Atomics.store(this.#control, FAILED, 1);
  }

  get failed(): boolean {
    return Atomics.load(this.#control, FAILED) !== 0;
  }

  /** Whether a thread has ended: nobody will come to the barrier again. */
  get ended(): boolean {
    return Atomics.load(this.#control, ENDED) !== 0;
  }

  /** Waits until all threads have come here. False when the run is over for all of them. */
  barrier(): boolean {
    const control = this.#control;
    const generation = Atomics.load(control, GENERATION);
    if (Atomics.add(control, ARRIVED, 1) === this.threads - 1) {
      Atomics.store(control, ARRIVED, 0);
      Atomics.add(control, GENERATION, 1);
      Atomics.notify(control, GENERATION);
    } else {
      this.#await(generation);
    }
    return !this.failed && !this.ended;
  }

  #await(generation: number): void {
    const control = this.#control;
    for (let i = 0; i < SPINS; i++) if (Atomics.load(control, GENERATION) !== generation) return;
    while (Atomics.load(control, GENERATION) === generation && !this.ended) {
      Atomics.wait(control, GENERATION, generation, LOOK_AGAIN_MS);
    }
  }
}

/** Called by the main thread when a thread of the team has ended: those who wait for it give up. */
export function endTeam(control: SharedArrayBuffer): void {
  const words = new Int32Array(control);
  Atomics.store(words, ENDED, 1);
  Atomics.notify(words, GENERATION);
}
