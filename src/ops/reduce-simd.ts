/** The entry of reductions into the WebAssembly SIMD module (src/device/cpu/simd/rows.ts and columns.ts). */
import type { SimdEntry } from '../device/kernel.js';
import type { ReduceAttributes } from './reduce.js';

/** Results per unit of CPU work. */
export const CPU_RESULTS = 64;

/** What each result is multiplied by. */
export function factorOf({ reduction, length }: ReduceAttributes): number {
  return reduction === 'mean' ? 1 / length : 1;
}

export const reduceSimd: SimdEntry<ReduceAttributes> = {
  entry: 'reduce',
  suits: ({ reduction, inner }) => reduction !== 'max' || inner === 1,
  arguments(attributes, [x, y], begin, end) {
    const { reduction, outer, length, inner } = attributes;
    const last = Math.min(outer * inner, end * CPU_RESULTS);
    const largest = Number(reduction === 'max');
    return [x, y, begin * CPU_RESULTS, last, length, inner, largest, factorOf(attributes)];
  },
};
