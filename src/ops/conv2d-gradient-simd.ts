/**
 * The entries of a convolution's two gradients into the WebAssembly SIMD module, and the units that they share
 * with the plain loops.
 */
import type { SimdEntry } from '../device/kernel.js';
import type {
  Conv2dInputGradientAttributes,
  Conv2dWeightGradientAttributes,
} from './conv2d-gradient-attributes.js';

/** Units of an input gradient: rows of dx. Unit u is row u % height of image floor(u / height). */
export function conv2dInputGradientUnits({ batch, height }: Conv2dInputGradientAttributes): number {
  return batch * height;
}

/** Units of a weight gradient: splits of its reduction. */
export function conv2dWeightGradientUnits({ splits }: Conv2dWeightGradientAttributes): number {
  return splits;
}

export const conv2dInputGradientSimd: SimdEntry<Conv2dInputGradientAttributes> = {
  entry: 'conv2dInputGradient',
  suits: () => false,
  arguments: () => [],
};

export const conv2dWeightGradientSimd: SimdEntry<Conv2dWeightGradientAttributes> = {
  entry: 'conv2dWeightGradient',
  suits: () => false,
  arguments: () => [],
};
