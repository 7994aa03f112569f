/**
 * A plan: the launches of a program with a slot for every temporary and input.
 *
 * Two storages may share a slot when their lifetimes do not meet. Slots are separate buffers, never parts of
 * one: WebGPU refuses a buffer that is read and written in one dispatch, disjoint ranges or not. Elsewhere a launch
 * that goes element by element may put its result where it has read an operand for the last time.
 */
import type { Backend } from '../device/backend.js';
import { dropUnused, type FusionRule, fuse } from './fuse.js';
import { storeHalf } from './half.js';
import type { Recording } from './recording.js';
import {
  type InputStorage,
  type Launch,
  reads,
  type Storage,
  type TemporaryStorage,
  writes,
} from './storage.js';

/** Storage that the plan places. */
export type Placed = TemporaryStorage | InputStorage;

export interface Plan {
  readonly launches: readonly Launch[];
  /** Slot of each placed storage, by its ordinal. */
  readonly slotOf: ReadonlyMap<number, number>;
  /** Size of each slot in bytes. */
  readonly slotBytes: readonly number[];
  /** Sum of the slots, and the most that is alive at once: no plan can need less. */
  readonly peakBytes: number;
  readonly lowerBoundBytes: number;
}

export function makePlan(
  recording: Recording,
  returned: readonly Storage[],
  rules: readonly FusionRule[],
  backend: Pick<Backend, 'elementBytes' | 'inPlace'>,
  mixed = false,
): Plan {
  const kept = new Set(returned);
  const fused = fuse(dropUnused(recording.launches, kept), kept, rules);
  const launches = mixed ? storeHalf(fused, kept) : fused;
  const lifetimes = findLifetimes(launches, kept);
  for (const life of lifetimes)
    life.bytes = Math.max(4, life.storage.length * backend.elementBytes(life.storage.dtype));
  if (backend.inPlace) allowInPlace(lifetimes, launches);
  const { slotOf, slotBytes } = assignSlots(lifetimes);
  return {
    launches,
    slotOf,
    slotBytes,
    peakBytes: slotBytes.reduce((sum, bytes) => sum + bytes, 0),
    lowerBoundBytes: mostAlive(lifetimes, launches.length),
  };
}

interface Lifetime {
  readonly storage: Placed;
  /** First and last launch that needs it; -1 for what is there before the first. */
  readonly first: number;
  last: number;
  bytes: number;
  /** Those that it may replace, although they are read by the launch that writes it. */
  replaces: readonly Lifetime[];
}

function findLifetimes(launches: readonly Launch[], kept: ReadonlySet<Storage>): Lifetime[] {
  const lives = new Map<Storage, Lifetime>();
  launches.forEach((launch, at) => {
    launch.operands.forEach((storage, index) => {
      if (storage === null || storage.kind === 'state') return;
      const known = lives.get(storage);
      if (known !== undefined) known.last = at;
      else if (storage.kind === 'temporary' && !writes(launch, index)) {
        throw new Error(`${launch.kernel.name} reads a temporary that nothing has written`);
      } else
        lives.set(storage, {
          storage,
          first: storage.kind === 'input' ? -1 : at,
          last: at,
          bytes: 0,
          replaces: [],
        });
    });
  });
  for (const storage of kept) {
    if (storage.kind === 'state') continue;
    const known = lives.get(storage);
    if (known !== undefined) known.last = launches.length;
    else lives.set(storage, { storage, first: -1, last: launches.length, bytes: 0, replaces: [] });
  }
  return [...lives.values()];
}

/** Finds which results of launches that go element by element may lie where an operand was read for the last time. */
function allowInPlace(lifetimes: readonly Lifetime[], launches: readonly Launch[]): void {
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

/** Largest first, each into the smallest slot that is free for its whole life, else a new one. */
function assignSlots(lifetimes: readonly Lifetime[]): { slotOf: Map<number, number>; slotBytes: number[] } {
  const slotOf = new Map<number, number>();
  const slotBytes: number[] = [];
  const residents: Lifetime[][] = [];
  const bySize = [...lifetimes].sort((a, b) => b.bytes - a.bytes || a.first - b.first);
  for (const life of bySize) {
    // Slots were made in falling size, so the last one that is free is the tightest.
    let slot = residents.length - 1;
    while (slot >= 0 && residents[slot].some((other) => meet(life, other))) slot--;
    if (slot < 0) {
      slot = residents.length;
      residents.push([]);
      slotBytes.push(life.bytes);
    }
    residents[slot].push(life);
    slotOf.set(life.storage.ordinal, slot);
  }
  return { slotOf, slotBytes };
}

function meet(a: Lifetime, b: Lifetime): boolean {
  return a.first <= b.last && b.first <= a.last && !a.replaces.includes(b) && !b.replaces.includes(a);
}

function mostAlive(lifetimes: readonly Lifetime[], launches: number): number {
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
  let most = 0;
  for (const delta of change) {
    alive += delta;
    most = Math.max(most, alive);
  }
  return most;
}
