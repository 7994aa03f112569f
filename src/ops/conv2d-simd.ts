/**
 * The forward convolution's entry into the WebAssembly SIMD module (src/device/cpu/simd/conv2d.ts), and the
 * units that it shares with the plain loop.
 */
import type { SimdEntry } from '../device/kernel.js';
import type { Conv2dAttributes } from './conv2d-attributes.js';
import { epilogueBits } from './epilogue.js';
import { SIMD_WORKSPACE_BYTES } from './matmul-simd.js';

/** Units of a convolution: output rows. Unit u is row u % outHeight of image floor(u / outHeight). */
export function conv2dUnits(attributes: Conv2dAttributes): number {
  return attributes.batch * attributes.outHeight;
}

export const conv2dSimd: SimdEntry<Conv2dAttributes> = {
  entry: 'conv2d',
  workspaceBytes: () => SIMD_WORKSPACE_BYTES,
  arguments(attributes, pointers, begin, end) {
    return [
      ...pointers,
      begin,
      end,
      attributes.height,
      attributes.width,
      attributes.channels,
      attributes.filters,
      attributes.kernelHeight,
      attributes.kernelWidth,
      attributes.outHeight,
      attributes.outWidth,
      attributes.strideHeight,
      attributes.strideWidth,
      attributes.padTop,
      attributes.padLeft,
      attributes.dilationHeight,
      attributes.dilationWidth,
      attributes.groups,
      epilogueBits(attributes.epilogue),
    ];
  },
};
