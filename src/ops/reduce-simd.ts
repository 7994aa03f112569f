/** The entry of sums over leading axes into the WebAssembly SIMD module (src/device/cpu/simd/columns.ts). */
import type { SimdEntry } from '../device/kernel.js';
import type { ReduceAttributes } from './reduce.js';

/** Results per unit of CPU work. */
export const CPU_RESULTS = 64;

export const reduceSimd: SimdEntry<ReduceAttributes> = {
  entry: 'sumColumns',
  // Along the last axis itself there are no neighbouring results to add at once.
  suits: ({ reduction, inner }) => reduction === 'sum' && inner > 1,
  arguments({ outer, length, inner }, [x, y], begin, end) {
    return [x, y, begin * CPU_RESULTS, Math.min(outer * inner, end * CPU_RESULTS), length, inner];
  },
};
