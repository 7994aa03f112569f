/** Entries of pooling into the WebAssembly SIMD module (src/device/cpu/simd/max-pool.ts and columns.ts). */
import type { SimdEntry } from '../device/kernel.js';
import type { GlobalAveragePoolAttributes, MaxPool2dAttributes } from './pool-kernels.js';

export const maxPool2dSimd: SimdEntry<MaxPool2dAttributes> = {
  entry: 'maxPool2d',
  arguments: (attributes, [x, y], begin, end) => [x, y, begin, end, ...geometryNumbers(attributes)],
};

export const maxPool2dGradientSimd: SimdEntry<MaxPool2dAttributes> = {
  entry: 'maxPool2dGradient',
  arguments: (attributes, [x, dy, dx], begin, end) => [x, dy, dx, begin, end, ...geometryNumbers(attributes)],
};

function geometryNumbers(attributes: MaxPool2dAttributes): number[] {
  return [
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
  ];
}

export const globalAveragePoolSimd: SimdEntry<GlobalAveragePoolAttributes> = {
  entry: 'meanOfImages',
  arguments: ({ positions, channels }, [x, y], begin, end) => [x, y, begin, end, positions, channels],
};
