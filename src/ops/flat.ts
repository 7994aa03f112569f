/** How loops over a flat range of elements are cut into units of CPU work. */

/** Elements per unit of work on the CPU. */
const CPU_BLOCK = 16_384;

export interface FlatAttributes {
  readonly count: number;
}

/** Units of CPU loops that go over `count` elements; `flatRange` turns units into elements. */
export function flatUnits({ count }: FlatAttributes): number {
  return Math.ceil(count / CPU_BLOCK);
}

/** The elements first <= i < last of units begin <= u < end. */
export function flatRange(count: number, begin: number, end: number): [first: number, last: number] {
  return [begin * CPU_BLOCK, Math.min(count, end * CPU_BLOCK)];
}

/** flatRange, by the names that the SIMD module's parameters have. */
export function flatElements(count: number, begin: number, end: number): { first: number; last: number } {
  const [first, last] = flatRange(count, begin, end);
  return { first, last };
}
