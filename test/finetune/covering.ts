/** Covering designs: rows that together hold every pair of levels of different factors, of which there are far more. */
import { randomNumbers } from './support.js';

/** Levels of every factor, by name. */
export type Factors = Readonly<Record<string, readonly string[]>>;
/** One level of each factor. */
export type Row = Readonly<Record<string, string>>;

/** How many rows are drawn for each one that is kept: more give a shorter design. */
const CANDIDATES = 30;

/**
 * Rows that cover all pairs, the first ones most of them: each is the best of some random ones (Cohen et al., The AETG
 * System, 1997). The same seed gives the same rows.
 */
export function coveringRows(factors: Factors, seed: number): Row[] {
  const random = randomNumbers(seed);
  const names = Object.keys(factors);
  const left = new Set(
    names.flatMap((a, i) =>
      names
        .slice(i + 1)
        .flatMap((b) => factors[a]!.flatMap((x) => factors[b]!.map((y) => keyOf(a, x, b, y)))),
    ),
  );
  const rows: Row[] = [];
  while (left.size > 0) {
    const candidates = Array.from({ length: CANDIDATES }, () => candidate(factors, left, random));
    const best = candidates.reduce((a, b) => (gain(b, left) > gain(a, left) ? b : a));
    for (const pair of pairsOf(best)) left.delete(pair);
    rows.push(best);
  }
  return rows;
}

/** Every pair of levels of a row. */
export function pairsOf(row: Row): string[] {
  const names = Object.keys(row);
  return names.flatMap((a, i) => names.slice(i + 1).map((b) => keyOf(a, row[a]!, b, row[b]!)));
}

/** A pair that is left, and factor by factor, in random order, the level that covers most beside what was chosen. */
function candidate(factors: Factors, left: ReadonlySet<string>, random: () => number): Row {
  const [a, x, b, y] = [...left][Math.floor(random() * left.size)]!.split('\t') as [
    string,
    string,
    string,
    string,
  ];
  const chosen: Record<string, string> = { [a]: x, [b]: y };
  const rest = Object.keys(factors).filter((name) => !(name in chosen));
  for (const [name] of rest.map((name) => [name, random()] as const).sort((p, q) => p[1] - q[1])) {
    const levels = factors[name]!;
    const first = Math.floor(random() * levels.length);
    const inTurn = [...levels.slice(first), ...levels.slice(0, first)];
    const count = (level: string) =>
      Object.entries(chosen).filter(([other, value]) => left.has(inOrder(factors, name, level, other, value)))
        .length;
    chosen[name] = inTurn.reduce((p, q) => (count(q) > count(p) ? q : p));
  }
  return Object.fromEntries(Object.keys(factors).map((name) => [name, chosen[name]!]));
}

function gain(row: Row, left: ReadonlySet<string>): number {
  return pairsOf(row).filter((pair) => left.has(pair)).length;
}

function inOrder(factors: Factors, a: string, x: string, b: string, y: string): string {
  const names = Object.keys(factors);
  return names.indexOf(a) < names.indexOf(b) ? keyOf(a, x, b, y) : keyOf(b, y, a, x);
}

function keyOf(a: string, x: string, b: string, y: string): string {
  return [a, x, b, y].join('\t');
}
