/** The entry of reductions into the WebAssembly SIMD module (src/device/cpu/simd/rows.ts and columns.ts). */
import type { SimdEntry } from '../device/kernel.js';
import type { ReduceAttributes } from './reduce.js';

/** Results per unit of CPU work. */
export const CPU_RESULTS = 64;

export const reduceSimd: SimdEntry<ReduceAttributes> = {
  entry: 'reduce',
  suits: ({ reduction, inner }) => reduction === 'sum' || inner === 1,
  arguments({ reduction, outer, length, inner }, [x, y], begin, end) {
    const last = Math.min(outer * inner, end * CPU_RESULTS);
    return [x, y, begin * CPU_RESULTS, last, length, inner, Number(reduction === 'max')];
  },
};
