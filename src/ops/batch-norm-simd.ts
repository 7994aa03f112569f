/** Entries of batch norm in training into the WebAssembly SIMD module (src/device/cpu/simd/batch-norm.ts). */
import type { SimdEntry } from '../device/kernel.js';
import type {
  GradientApplyAttributes,
  GradientSumsAttributes,
  SliceAttributes,
} from './batch-norm-training-kernels.js';

/** Rows per unit of CPU work in launches over all elements. */
export const CPU_ROWS = 64;

export const batchMomentsSimd: SimdEntry<SliceAttributes> = {
  entry: 'batchMoments',
  arguments: ({ rows, channels, slices, rowsPerSlice }, [x, partials], begin, end) => [
    ...[x, partials, begin, end],
    ...[rows, channels, slices, rowsPerSlice],
  ],
};

export const batchNormGradientSumsSimd: SimdEntry<GradientSumsAttributes> = {
  entry: 'batchNormGradientSums',
  arguments({ rows, channels, slices, rowsPerSlice, masked }, [x, dy, mean, relu, partials], begin, end) {
    const pointers = [x, dy, mean, relu, partials];
    return [...pointers, begin, end, rows, channels, slices, rowsPerSlice, Number(masked)];
  },
};

export const batchNormGradientApplySimd: SimdEntry<GradientApplyAttributes> = {
  entry: 'batchNormGradientApply',
  arguments({ rows, channels, masked }, [x, dy, coefficients, relu, dx], begin, end) {
    const last = Math.min(rows, end * CPU_ROWS);
    return [x, dy, coefficients, relu, dx, begin * CPU_ROWS, last, channels, Number(masked)];
  },
};
