/**
 * Fusion: a launch and its only reader become one launch, or a cheap launch is done again by each of its readers.
 * The rules are data (src/ops/fusions.ts); this file applies them until none fits.
 *
 * The value between the launches disappears, so nobody else may read it, and no state that the first launch
 * reads may be written in between: the result cannot change except by rounding.
 */
import type { Launch, Storage, TemporaryStorage } from './storage.js';
import { reads, writes } from './storage.js';

export interface FusionRule {
  /** For messages and counts. */
  readonly name: string;
  /** The first launch goes into all of its readers, if each can take it; otherwise only into a single one. */
  readonly everywhere?: boolean;
  /** Kernel names of the two launches. */
  readonly first: readonly string[];
  readonly second: string;
  /**
   * The one launch that does the work of both, or null when these two cannot be merged. `operand` is the index
   * among the second's operands at which it reads the first's output.
   */
  merge(first: Launch, second: Launch, operand: number): Launch | null;
}

/** Launches after fusion, in order; `kept` storages are read after the program and must exist. */
export function fuse(
  launches: readonly Launch[],
  kept: ReadonlySet<Storage>,
  rules: readonly FusionRule[],
): Launch[] {
  const spread = fuseIntoAllReaders(
    launches,
    kept,
    rules.filter(({ everywhere }) => everywhere),
  );
  return fuseWithOnlyReader(
    spread,
    kept,
    rules.filter(({ everywhere }) => !everywhere),
  );
}

/** Applies the rules whose first launch each of its readers can do again. */
function fuseIntoAllReaders(
  launches: readonly Launch[],
  kept: ReadonlySet<Storage>,
  rules: readonly FusionRule[],
): Launch[] {
  const result: (Launch | null)[] = [...launches];
  const names = new Set(rules.flatMap(({ first }) => first));
  const uses = countUses(launches);
  for (const [at, first] of launches.entries()) {
    if (!names.has(first.kernel.name)) continue;
    const output = first.operands.at(-1);
    if (output?.kind !== 'temporary' || kept.has(output)) continue;
    const readers = result.flatMap((launch, i) => {
      const operand = launch?.operands.indexOf(output) ?? -1;
      return operand >= 0 && i !== at ? [{ i, merged: tryRules(result, at, i, operand, rules) }] : [];
    });
    // A launch that reads it twice, or writes it too, has more uses than readers.
    if (readers.length !== uses.get(output) || readers.some(({ merged }) => merged === null)) continue;
    for (const { i, merged } of readers) result[i] = merged;
    result[at] = null;
  }
  return result.filter((launch) => launch !== null);
}

/** Applies the rules for a launch and its single reader, as often as they fit. */
function fuseWithOnlyReader(
  launches: readonly Launch[],
  kept: ReadonlySet<Storage>,
  rules: readonly FusionRule[],
): Launch[] {
  const result: (Launch | null)[] = [...launches];
  const uses = countUses(launches);
  const producer = new Map<Storage, number>();
  for (let i = 0; i < result.length; i++) {
    let merged = true;
    while (merged) {
      merged = false;
      const second = result[i] as Launch;
      for (let operand = 0; operand < second.operands.length && !merged; operand++) {
        const storage = second.operands[operand];
        if (storage === null || storage.kind !== 'temporary' || writes(second, operand)) continue;
        const at = producer.get(storage);
        if (at === undefined || kept.has(storage) || uses.get(storage) !== 1) continue;
        const replacement = tryRules(result, at, i, operand, rules);
        if (replacement === null) continue;
        result[at] = null;
        result[i] = replacement;
        merged = true;
      }
    }
    const launch = result[i] as Launch;
    launch.operands.forEach((storage, index) => {
      if (storage?.kind === 'temporary' && writes(launch, index)) producer.set(storage, i);
    });
  }
  return result.filter((launch) => launch !== null);
}

function tryRules(
  launches: readonly (Launch | null)[],
  at: number,
  i: number,
  operand: number,
  rules: readonly FusionRule[],
): Launch | null {
  const first = launches[at] as Launch;
  const second = launches[i] as Launch;
  for (const rule of rules) {
    if (rule.second !== second.kernel.name || !rule.first.includes(first.kernel.name)) continue;
    if (stateChangesBetween(launches, at, i)) continue;
    const merged = rule.merge(first, second, operand);
    if (merged !== null) return merged;
  }
  return null;
}

/** Whether a launch strictly between `from` and `to` writes a state that launch `from` reads. */
export function stateChangesBetween(launches: readonly (Launch | null)[], from: number, to: number): boolean {
  const first = launches[from] as Launch;
  const buffers = new Set<unknown>();
  for (const storage of first.operands) if (storage?.kind === 'state') buffers.add(storage.range.buffer);
  if (buffers.size === 0) return false;
  for (let i = from + 1; i < to; i++) {
    const launch = launches[i];
    if (launch === null) continue;
    const changed = launch.operands.some(
      (storage, index) =>
        storage?.kind === 'state' && writes(launch, index) && buffers.has(storage.range.buffer),
    );
    if (changed) return true;
  }
  return false;
}

/** How often each temporary is read. One that several launches write counts as read more than once. */
function countUses(launches: readonly Launch[]): Map<TemporaryStorage, number> {
  const uses = new Map<TemporaryStorage, number>();
  const written = new Set<TemporaryStorage>();
  for (const launch of launches) {
    launch.operands.forEach((storage, index) => {
      if (storage?.kind !== 'temporary') return;
      if (reads(launch, index)) uses.set(storage, (uses.get(storage) ?? 0) + 1);
      if (!writes(launch, index)) return;
      if (written.has(storage)) uses.set(storage, (uses.get(storage) ?? 0) + 2);
      written.add(storage);
    });
  }
  return uses;
}

/** Launches whose results reach a state or a kept storage. State writes are never dropped. */
export function dropUnused(launches: readonly Launch[], kept: ReadonlySet<Storage>): Launch[] {
  const needed = new Set<Storage>(kept);
  const alive: Launch[] = [];
  for (let i = launches.length - 1; i >= 0; i--) {
    const launch = launches[i];
    const isNeeded = launch.operands.some(
      (storage, index) =>
        storage !== null && writes(launch, index) && (storage.kind === 'state' || needed.has(storage)),
    );
    if (!isNeeded) continue;
    launch.operands.forEach((storage, index) => {
      if (storage !== null && reads(launch, index)) needed.add(storage);
    });
    alive.push(launch);
  }
  return alive.reverse();
}
