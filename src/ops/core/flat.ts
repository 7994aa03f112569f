/**
 * Kernels over a flat range of elements: their variant, with one invocation for each, and how their loops are cut into
 * units of CPU work.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import type { Variant } from '../../device/kernel.js';

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

/** A variant with one invocation per element of a flat range. */
export function flatVariant<A extends FlatAttributes>(
  file: string,
  libraries: readonly string[],
): { readonly flat: Variant<A> } {
  return {
    flat: {
      file,
      libraries: ['grid.wgsl', ...libraries],
      constants: { WORKGROUP: POINTWISE_WORKGROUP },
      grid: ({ count }) => flatGrid(count, POINTWISE_WORKGROUP),
    },
  };
}
