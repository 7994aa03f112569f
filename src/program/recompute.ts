/**
 * Recomputation: what is cheap to compute is computed a second time, just before it is read late, instead of being kept
 * from the forward pass to the backward pass. The same kernel gets the same operands, so results stay the same bytes.
 *
 * Which kernels are cheap is data (src/ops/recomputable.ts). A value is computed again when it lies idle while most is
 * alive, and when what it is computed from is there at its late use anyway: a normalised and rectified activation is
 * dropped, the convolution's output that the batch norm's gradient reads is kept. In a chain of blocks, each computed
 * from the one before it, every other one goes.
 */
import { maxOf } from '../extremes.js';
import { stateChangesBetween } from './fuse.js';
import { findLifetimes, mostAlive } from './lifetimes.js';
import {
  type Launch,
  type NewTemporary,
  reads,
  type Storage,
  type TemporaryStorage,
  writes,
} from './storage.js';

/** Operands that must live longer for a value to be dropped may have this share of its bytes. */
const MOST_EXTENSION = 0.25;
/** The most alive is somewhere else after each pass; a few are enough. */
const MOST_PASSES = 4;

/** The launches with those of `cheap` kernels repeated where that saves memory; `kept` storages are not dropped. */
export function recompute(
  launches: readonly Launch[],
  kept: ReadonlySet<Storage>,
  cheap: ReadonlySet<string>,
  bytesOf: (storage: Storage) => number,
  temporary: NewTemporary,
): readonly Launch[] {
  let result = launches;
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const repeats = findRepeats(result, kept, cheap, bytesOf);
    if (repeats.length === 0) break;
    result = repeat(result, repeats, temporary);
  }
  return result;
}

/** A launch to be done again before another one, for that one and all behind it. */
interface Repeat {
  readonly launch: Launch;
  readonly output: TemporaryStorage;
  readonly before: number;
}

function findRepeats(
  launches: readonly Launch[],
  kept: ReadonlySet<Storage>,
  cheap: ReadonlySet<string>,
  bytesOf: (storage: Storage) => number,
): Repeat[] {
  const lifetimes = findLifetimes(launches, kept, bytesOf);
  const peak = mostAlive(lifetimes, launches.length).launch;
  const lastUse = new Map<Storage, number>(lifetimes.map(({ storage, last }) => [storage, last]));
  const uses = usesOf(launches);
  const repeats: Repeat[] = [];
  for (let at = 0; at < peak; at++) {
    const launch = launches[at];
    const output = onlyOutput(launch);
    if (!cheap.has(launch.kernel.name) || output === null || kept.has(output)) continue;
    const own = uses.get(output) as Uses;
    const before = own.readers.find((reader) => reader > peak);
    if (own.writers !== 1 || before === undefined || own.readers.includes(peak)) continue;
    const sources = launch.operands.filter((storage) => storage !== null && storage !== output) as Storage[];
    const longer = sources.filter(
      (source) => source.kind !== 'state' && (lastUse.get(source) ?? -1) < before,
    );
    const extension = longer.reduce((sum, source) => sum + bytesOf(source), 0);
    if (extension > MOST_EXTENSION * bytesOf(output)) continue;
    if (changesBetween(launches, at, before, sources)) continue;
    for (const source of longer) lastUse.set(source, before);
    lastUse.set(
      output,
      maxOf(
        own.readers.filter((reader) => reader < before),
        at,
      ),
    );
    repeats.push({ launch, output, before });
  }
  return repeats;
}

interface Uses {
  writers: number;
  readonly readers: number[];
}

function usesOf(launches: readonly Launch[]): Map<Storage, Uses> {
  const uses = new Map<Storage, Uses>();
  for (const [at, launch] of launches.entries()) {
    for (const [index, storage] of launch.operands.entries()) {
      if (storage === null) continue;
      const own = uses.get(storage) ?? { writers: 0, readers: [] };
      uses.set(storage, own);
      if (writes(launch, index)) own.writers++;
      if (reads(launch, index)) own.readers.push(at);
    }
  }
  return uses;
}

/** The temporary that a launch writes, where it writes nothing else and needs nothing that was in it. */
function onlyOutput(launch: Launch): TemporaryStorage | null {
  const written = launch.operands.filter((storage, index) => storage !== null && writes(launch, index));
  const [output] = written;
  if (written.length !== 1 || output?.kind !== 'temporary') return null;
  return launch.operands.some((storage, index) => storage === output && reads(launch, index)) ? null : output;
}

/** Whether an operand has another content at `before` than it had at `at`. */
function changesBetween(
  launches: readonly Launch[],
  at: number,
  before: number,
  sources: readonly Storage[],
): boolean {
  if (stateChangesBetween(launches, at, before)) return true;
  const temporaries = new Set(sources);
  return launches
    .slice(at + 1, before)
    .some((launch) =>
      launch.operands.some(
        (storage, index) => storage !== null && temporaries.has(storage) && writes(launch, index),
      ),
    );
}

function repeat(launches: readonly Launch[], repeats: readonly Repeat[], temporary: NewTemporary): Launch[] {
  const replaced = new Map<Storage, TemporaryStorage>();
  const result: Launch[] = [];
  for (const [at, launch] of launches.entries()) {
    for (const { launch: first, output, before } of repeats) {
      if (before !== at) continue;
      const again = temporary(output.dtype, output.length);
      result.push(
        withOperands(first, (storage) => (storage === output ? again : (replaced.get(storage) ?? storage))),
      );
      replaced.set(output, again);
    }
    result.push(withOperands(launch, (storage) => replaced.get(storage) ?? storage));
  }
  return result;
}

function withOperands(launch: Launch, change: (storage: Storage) => Storage): Launch {
  return { ...launch, operands: launch.operands.map((storage) => storage && change(storage)) };
}
