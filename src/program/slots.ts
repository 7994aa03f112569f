/**
 * Where values lie: which slot, and where in it. Two values may lie at one place when their lifetimes do not meet, and
 * beside each other in one slot unless a launch reads one of them and writes the other: WebGPU refuses a buffer that is
 * read and written in one dispatch.
 *
 * To find the least sum of slots is a hard problem, so a few simple ways are tried and the best result is taken: values in
 * some order, each into the tightest gap that is free for its whole life, else where the sum grows the least.
 */
import { type Lifetime, meet } from './lifetimes.js';
import { type Launch, reads, type Storage, writes } from './storage.js';

/** Ranges of a buffer begin at multiples of this many bytes. */
const ALIGNMENT = 256;

export interface Place {
  readonly slot: number;
  /** Bytes from the slot's begin. */
  readonly offset: number;
}

export interface Slots {
  /** Place of each value, by the ordinal of its storage. */
  readonly placeOf: ReadonlyMap<number, Place>;
  readonly slotBytes: readonly number[];
  /** Their sum. */
  readonly bytes: number;
}

export interface SlotLimits {
  /** No more ways are tried below so many bytes. */
  readonly enough: number;
  /** The most bytes of a slot that holds more than one value at a time. */
  readonly largest: number;
}

type Order = (a: Lifetime, b: Lifetime) => number;

const length = ({ first, last }: Lifetime) => last - first + 1;
const area = (life: Lifetime) => life.bytes * length(life);

/** By size, of equal size by time or length of life; by both; by time alone. */
const ORDERS: readonly Order[] = [
  (a, b) => b.bytes - a.bytes || a.first - b.first,
  (a, b) => b.bytes - a.bytes || length(b) - length(a) || a.first - b.first,
  (a, b) => area(b) - area(a) || a.first - b.first,
  (a, b) => b.bytes - a.bytes || b.last - a.last,
  (a, b) => a.first - b.first || b.bytes - a.bytes,
];

/** `apart`: with each value those that may not be in one slot with it. */
export function assignSlots(
  lifetimes: readonly Lifetime[],
  apart: ReadonlyMap<Storage, ReadonlySet<Storage>>,
  { enough, largest }: SlotLimits,
): Slots {
  let best: Slots | null = null;
  for (const order of ORDERS) {
    const sorted = [...lifetimes].sort(order);
    // Whole slots first: they are more easily shared with other plans.
    for (const most of [0, largest]) {
      const slots = fill(sorted, apart, most);
      if (best === null || slots.bytes < best.bytes) best = slots;
      if (best.bytes <= enough) return best;
    }
  }
  return best as Slots;
}

/** Pairs of values of which a launch reads one and writes the other. */
export function readAndWritten(launches: readonly Launch[]): Map<Storage, Set<Storage>> {
  const apart = new Map<Storage, Set<Storage>>();
  const note = (a: Storage, b: Storage) => {
    const others = apart.get(a) ?? new Set();
    apart.set(a, others.add(b));
  };
  for (const launch of launches) {
    const used = launch.operands.map((storage, index) => ({ storage, index }));
    for (const { storage: written, index } of used) {
      if (written === null || !writes(launch, index)) continue;
      for (const { storage: read, index: other } of used) {
        if (read === null || read === written || !reads(launch, other) || writes(launch, other)) continue;
        note(written, read);
        note(read, written);
      }
    }
  }
  return apart;
}

interface Resident {
  readonly life: Lifetime;
  readonly offset: number;
}

interface Slot {
  bytes: number;
  readonly residents: Resident[];
}

/** `largest` 0: every value begins at its slot's begin. */
function fill(
  lifetimes: readonly Lifetime[],
  apart: ReadonlyMap<Storage, ReadonlySet<Storage>>,
  largest: number,
): Slots {
  const slots: Slot[] = [];
  const placeOf = new Map<number, Place>();
  for (const life of lifetimes) {
    const { slot, offset } = bestPlace(life, slots, apart.get(life.storage), largest);
    slots[slot] ??= { bytes: 0, residents: [] };
    const chosen = slots[slot];
    chosen.residents.push({ life, offset });
    chosen.bytes = Math.max(chosen.bytes, offset + life.bytes);
    placeOf.set(life.storage.ordinal, { slot, offset });
  }
  const slotBytes = slots.map(({ bytes }) => bytes);
  return { placeOf, slotBytes, bytes: slotBytes.reduce((sum, bytes) => sum + bytes, 0) };
}

/** Where the slots grow the least for a value, then where the least room is left; a new slot at the worst. */
function bestPlace(
  life: Lifetime,
  slots: readonly Slot[],
  apart: ReadonlySet<Storage> | undefined,
  largest: number,
): Place {
  let best: Place = { slot: slots.length, offset: 0 };
  // A slot that grows by all of the value is no better than a new one.
  let [leastGrowth, leastRoom] = [life.bytes, -1];
  for (const [slot, { bytes, residents }] of slots.entries()) {
    const met = residents.filter((other) => meet(life, other.life));
    if (met.some((other) => largest === 0 || apart?.has(other.life.storage))) continue;
    const replaced = residents.filter((other) => life.replaces.includes(other.life));
    const replacing = residents.filter((other) => other.life.replaces.includes(life));
    const sharing = [...replaced, ...replacing];
    for (const { offset, end } of gapsOf(met, sharing)) {
      const growth = Math.max(0, offset + life.bytes - bytes);
      const room = Math.min(end, bytes) - offset - life.bytes;
      if (offset + life.bytes > end || (growth > 0 && offset > 0 && offset + life.bytes > largest)) continue;
      if (growth > leastGrowth || (growth === leastGrowth && room >= leastRoom)) continue;
      // Beside each other or at the same place: a result half on its operand would write over what is yet to be read.
      const clashes = sharing.some((other) => other.offset !== offset && overlap(other, offset, life.bytes));
      if (clashes) continue;
      best = { slot, offset };
      [leastGrowth, leastRoom] = [growth, room];
    }
  }
  return best;
}

/** Where a value may begin, and where what lies behind that begins: behind each resident, and on those it may lie on. */
function gapsOf(
  met: readonly Resident[],
  sharing: readonly Resident[],
): { readonly offset: number; readonly end: number }[] {
  const ordered = [...met].sort((a, b) => a.offset - b.offset);
  const gaps: { offset: number; end: number }[] = [];
  let offset = 0;
  for (const other of ordered) {
    if (other.offset > offset) gaps.push({ offset, end: other.offset });
    offset = Math.max(offset, roundUp(endOf(other)));
  }
  gaps.push({ offset, end: Infinity });
  for (const { offset: shared } of sharing) {
    const around = gaps.find((gap) => gap.offset < shared && shared < gap.end);
    if (around !== undefined) gaps.push({ offset: shared, end: around.end });
  }
  return gaps;
}

function overlap(resident: Resident, offset: number, bytes: number): boolean {
  return resident.offset < offset + bytes && offset < endOf(resident);
}

function endOf({ life, offset }: Resident): number {
  return offset + life.bytes;
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
