/**
 * A plan: the launches of a program with a place for every temporary and input.
 *
 * Places are ranges of slots, and each slot is a buffer. Storages whose lifetimes do not meet may have one place, and one
 * slot holds what no launch reads and writes together: WebGPU refuses a buffer that is read and written in one dispatch,
 * disjoint ranges or not. Elsewhere a launch that goes element by element may put its result where it has read an operand
 * for the last time.
 */
import type { Backend } from '../device/backend.js';
import { dropUnused, type FusionRule, fuse } from './fuse.js';
import { storeHalf } from './half.js';
import type { Recording } from './recording.js';
import { allowInPlace, findLifetimes, mostAlive } from './lifetimes.js';
import { recompute } from './recompute.js';
import { assignSlots, type Place, readAndWritten } from './slots.js';
import type { Launch, Storage } from './storage.js';

export interface Plan {
  readonly launches: readonly Launch[];
  /** Slot of each placed storage, and where in it, by its ordinal. */
  readonly placeOf: ReadonlyMap<number, Place>;
  /** Size of each slot in bytes. */
  readonly slotBytes: readonly number[];
  /** Sum of the slots, and the most that is alive at once: no plan can need less. */
  readonly peakBytes: number;
  readonly lowerBoundBytes: number;
}

/** Slots that take so much more than the least possible are good enough: no other way is tried. */
const GOOD_RATIO = 1.02;

export function makePlan(
  recording: Recording,
  returned: readonly Storage[],
  rules: readonly FusionRule[],
  backend: Pick<Backend, 'elementBytes' | 'inPlace' | 'maxBindingBytes'>,
  mixed = false,
  recomputed: ReadonlySet<string> = new Set(),
): Plan {
  const kept = new Set(returned);
  const bytesOf = ({ length, dtype }: Storage) => Math.max(4, length * backend.elementBytes(dtype));
  const fused = fuse(dropUnused(recording.launches, kept), kept, rules);
  const temporary = recording.temporary.bind(recording);
  const stored = mixed ? storeHalf(fused, kept, temporary) : fused;
  // Behind the choice of float16: what is computed again is kept in the same precision as before.
  const launches = recompute(stored, kept, recomputed, bytesOf, temporary);
  const lifetimes = findLifetimes(launches, kept, bytesOf);
  if (backend.inPlace) allowInPlace(lifetimes, launches);
  const { bytes: lowerBoundBytes } = mostAlive(lifetimes, launches.length);
  const apart = backend.inPlace ? new Map() : readAndWritten(launches);
  const { placeOf, slotBytes, bytes } = assignSlots(lifetimes, apart, {
    enough: GOOD_RATIO * lowerBoundBytes,
    largest: backend.maxBindingBytes,
  });
  return { launches, placeOf, slotBytes, peakBytes: bytes, lowerBoundBytes };
}
