/** Which mutations of a file are tried: the same ones every time, spread over the kinds. */
import { createHash } from 'node:crypto';
import { type Kind, type Mutation, mutated } from './operators.js';
import { lineAt } from './source.js';
import type { Target } from './targets.js';

export interface Mutant extends Mutation {
  readonly target: Target;
  readonly line: string;
  readonly mutant: string;
}

/**
 * A file's mutants in the order in which they are tried. The order follows from the text of the changed lines
 * alone, so that a change elsewhere in the file leaves it as it is.
 */
export function ordered(target: Target): Mutant[] {
  const mutants = target.mutations.map((mutation) => {
    const line = lineAt(target.source, mutation.start);
    const mutant = lineAt(mutated(target.source, mutation), mutation.start);
    return { ...mutation, target, line, mutant };
  });
  const shuffled = byHash(mutants, ({ line, mutant, kind }) => `${target.name} ${line} ${mutant} ${kind}`);
  const kinds = new Map<Kind, Mutant[]>();
  for (const mutant of shuffled) kinds.set(mutant.kind, [...(kinds.get(mutant.kind) ?? []), mutant]);
  const order: Mutant[] = [];
  for (let round = 0; order.length < shuffled.length; round++) {
    for (const ofKind of kinds.values()) if (round < ofKind.length) order.push(ofKind[round]);
  }
  return order;
}

/** Items in an order that looks random and depends on their names only. */
export function byHash<T>(items: readonly T[], name: (item: T) => string): T[] {
  const hashed = items.map((item) => ({ item, hash: createHash('sha256').update(name(item)).digest('hex') }));
  return hashed.sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0)).map(({ item }) => item);
}

/** How many mutants a file gets: one for each `sites` possible ones, at least one, at most `most`. */
export function share({ mutations }: Target, sites: number, most: number): number {
  return Math.min(most, Math.max(1, Math.round(mutations.length / sites)));
}
