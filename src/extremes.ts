/**
 * The extremes of lists of any length. Math.max(...list) hands each item over as an argument, and V8 takes no more than
 * some 125,000 of those.
 */

/** The greatest of some numbers and `than`; NaN where one of them is. */
export function maxOf(values: Iterable<number>, than = -Infinity): number {
  let most = than;
  for (const value of values) most = Math.max(most, value);
  return most;
}

/** The least of some numbers and `than`; NaN where one of them is. */
export function minOf(values: Iterable<number>, than = Infinity): number {
  let least = than;
  for (const value of values) least = Math.min(least, value);
  return least;
}
