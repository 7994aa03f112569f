/**
 * The nearest known name to a mistyped one, for the hint of an error: `resnet5o` -> `resnet50`.
 */

/**
 * How many single-character edits (insert, delete, replace, swap of two neighbours) turn `a` into
 * `b`: the optimal string alignment distance, by its three-row recurrence. Counts UTF-16 units.
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, replace);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length];
}

/**
 * The candidate nearest to `word`, ignoring case; the first of equals. Undefined when even the
 * nearest differs in more than a third of its letters: a far-fetched guess is worse than none.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    const allowed = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3));
    // One letter is one edit from every other, and like none of them.
    const isLike = distance < Math.max(word.length, candidate.length);
    if (isLike && distance <= allowed && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}
