/** From when to when each value of a program is needed, and how much memory that takes at least. */
import {
  type InputStorage,
  type Launch,
  reads,
  type Storage,
  type TemporaryStorage,
  writes,
} from './storage.js';

/** Storage that a plan places. */
export type Placed = TemporaryStorage | InputStorage;

export interface Lifetime {
  readonly storage: Placed;
  readonly bytes: number;
  /** First and last launch that needs it; -1 for what is there before the first. */
  readonly first: number;
  last: number;
  /** Those that it may replace, although they are read by the launch that writes it. */
  replaces: readonly Lifetime[];
}

/** The lifetimes of all that is placed; what is `kept` is read behind the last launch. */
export function findLifetimes(
  launches: readonly Launch[],
  kept: ReadonlySet<Storage>,
  bytesOf: (storage: Placed) => number,
): Lifetime[] {
  const lives = new Map<Storage, Lifetime>();
  const begin = (storage: Placed, first: number, last: number) =>
    lives.set(storage, { storage, bytes: bytesOf(storage), first, last, replaces: [] });
  launches.forEach((launch, at) => {
    launch.operands.forEach((storage, index) => {
      if (storage === null || storage.kind === 'state') return;
      const known = lives.get(storage);
      if (known !== undefined) known.last = at;
      else if (storage.kind === 'temporary' && !writes(launch, index)) {
        throw new Error(`${launch.kernel.name} reads a temporary that nothing has written`);
      } else begin(storage, storage.kind === 'input' ? -1 : at, at);
    });
  });
  for (const storage of kept) {
    if (storage.kind === 'state') continue;
    const known = lives.get(storage);
    if (known !== undefined) known.last = launches.length;
    else begin(storage, -1, launches.length);
  }
  return [...lives.values()];
}

/** Finds which results of launches that go element by element may lie where an operand was read for the last time. */
export function allowInPlace(lifetimes: readonly Lifetime[], launches: readonly Launch[]): void {
  const lives = new Map<Storage, Lifetime>(lifetimes.map((life) => [life.storage, life]));
  launches.forEach((launch, at) => {
    if (!launch.kernel.cpu.elementwise?.(launch.attributes)) return;
    const result = launch.operands.find((_, index) => !reads(launch, index)) ?? null;
    const life = result === null ? undefined : lives.get(result);
    if (life === undefined || life.first !== at) return;
    life.replaces = launch.operands
      .map((storage) => (storage === null ? undefined : lives.get(storage)))
      .filter((other) => other !== undefined)
      .filter((other) => other !== life && other.last === at && other.bytes === life.bytes);
  });
}

/** Whether two values need memory of their own. */
export function meet(a: Lifetime, b: Lifetime): boolean {
  return a.first <= b.last && b.first <= a.last && !a.replaces.includes(b) && !b.replaces.includes(a);
}

/** The most bytes that are alive at once, and at which launch first; -1 and `launches` are before and behind them all. */
export function mostAlive(
  lifetimes: readonly Lifetime[],
  launches: number,
): { readonly bytes: number; readonly launch: number } {
  const change = new Array<number>(launches + 3).fill(0);
  for (const { first, last, bytes } of lifetimes) {
    change[first + 1] += bytes;
    change[last + 2] -= bytes;
  }
  // A result in place of an operand takes no room of its own at its launch.
  for (const { first, bytes, replaces } of lifetimes) {
    if (replaces.length === 0) continue;
    change[first + 1] -= bytes;
    change[first + 2] += bytes;
  }
  let alive = 0;
  let most = { bytes: 0, launch: -1 };
  for (const [i, delta] of change.entries()) {
    alive += delta;
    if (alive > most.bytes) most = { bytes: alive, launch: i - 1 };
  }
  return most;
}
