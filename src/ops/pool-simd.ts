/** Entries of pooling into the WebAssembly SIMD module (src/device/cpu/simd/max-pool.ts and columns.ts). */
import type { SimdEntry } from '../device/kernel.js';
import type { GlobalAveragePoolAttributes, MaxPool2dAttributes } from './pool-kernels.js';

export const maxPool2dSimd: SimdEntry<MaxPool2dAttributes> = {
  entry: 'maxPool2d',
  arguments: (attributes, [x, y], begin, end) => [
    ...[x, y, begin, end],
    attributes.height,
    attributes.width,
    attributes.channels,
    attributes.kernelHeight,
    attributes.kernelWidth,
    attributes.outHeight,
    attributes.outWidth,
    attributes.strideHeight,
    attributes.strideWidth,
    attributes.padTop,
    attributes.padLeft,
  ],
};

export const globalAveragePoolSimd: SimdEntry<GlobalAveragePoolAttributes> = {
  entry: 'meanOfImages',
  arguments: ({ positions, channels }, [x, y], begin, end) => [x, y, begin, end, positions, channels],
};
