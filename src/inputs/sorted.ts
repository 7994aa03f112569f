/** Sorting with pauses: `sort` of two million names takes seconds, in which no Ctrl-C is heard. */
import type { Pauses } from '../pauses.js';

/** Elements that are sorted at once, in a millisecond or less. */
const RUN = 2 ** 9;

/** A sorted copy, as `toSorted` gives it: equal elements keep their order. Runs are sorted, and then merged by pairs. */
export async function sorted<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
  pauses: Pauses,
): Promise<T[]> {
  const { length } = items;
  let from: T[] = [];
  for (let at = 0; at < length; at += RUN) {
    if (pauses.due) await pauses.take();
    for (const item of items.slice(at, at + RUN).sort(compare)) from.push(item);
  }
  for (let width = RUN; width < length; width *= 2) {
    const to: T[] = [];
    for (let at = 0; at < length; at += 2 * width) {
      const [middle, end] = [Math.min(at + width, length), Math.min(at + 2 * width, length)];
      let [left, right] = [at, middle];
      while (left < middle || right < end) {
        if (pauses.due) await pauses.take();
        const takesLeft = right === end || (left < middle && compare(from[left], from[right]) <= 0);
        to.push(from[takesLeft ? left++ : right++]);
      }
    }
    from = to;
  }
  return from;
}
