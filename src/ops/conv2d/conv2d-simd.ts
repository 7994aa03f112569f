/**
 * The forward convolution's entry into the WebAssembly SIMD module (src/device/cpu/simd/conv2d.ts), and the
 * units that it shares with the plain loop.
 */
import type { SimdEntry } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';
import type { Conv2dAttributes } from './conv2d-attributes.js';
import {
  FORWARD,
  isWinograd,
  preparedTiles,
  rowUnits,
  winogradPreparation,
  winogradWorkspaceBytes,
} from './conv2d-winograd.js';
import { epilogueBits } from '../core/epilogue.js';
import { SIMD_WORKSPACE_BYTES } from '../product/matmul-simd.js';

/**
 * Units of a convolution: output rows, image after image, or fours of them (firstRowOf in conv2d-winograd.ts). What
 * is left over in an image is a unit by itself.
 */
export function conv2dUnits(attributes: Conv2dAttributes): number {
  return rowUnits(attributes.batch, attributes.outHeight, isWinograd(attributes));
}

export const conv2dSimd: SimdEntry<Conv2dAttributes> = simdEntry('conv2d', {
  workspaceBytes: (attributes) =>
    isWinograd(attributes) ? winogradWorkspaceBytes(FORWARD, attributes) : SIMD_WORKSPACE_BYTES,
  preparation: winogradPreparation(FORWARD),
  arguments(attributes, [x, w, scale, shift, residual, out, workspace, prepared], begin, end) {
    return {
      x,
      w,
      scale,
      shift,
      residual,
      out,
      workspace,
      prepared,
      begin,
      end,
      tiles: preparedTiles(FORWARD, attributes),
      bits: epilogueBits(attributes.epilogue),
      ...attributes,
    };
  },
});
