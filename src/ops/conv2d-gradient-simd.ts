/**
 * The entries of a convolution's two gradients into the WebAssembly SIMD module
 * (src/device/cpu/simd/conv2d-input-gradient.ts and conv2d-weight-gradient.ts), and the units that they share with
 * the plain loops.
 */
import type { SimdEntry } from '../device/kernel.js';
import { type Conv2dGeometry, isDepthwise } from './conv2d-attributes.js';
import type {
  Conv2dInputGradientAttributes,
  Conv2dWeightGradientAttributes,
} from './conv2d-gradient-attributes.js';
import {
  isWinogradInputGradient,
  rowUnits,
  winogradPreparation,
  winogradWorkspaceBytes,
} from './conv2d-winograd.js';
import { SIMD_WORKSPACE_BYTES } from './matmul-simd.js';

/** Units of an input gradient: rows of dx, image after image, or pairs of them (firstRowOf in conv2d-winograd.ts). */
export function conv2dInputGradientUnits(attributes: Conv2dInputGradientAttributes): number {
  return rowUnits(attributes.batch, attributes.height, isWinogradInputGradient(attributes));
}

/** Weights (r, s, c) of one unit of a weight gradient: a block of rows of the SIMD product. */
export const UNIT_WEIGHTS = 48;

/** Into how many blocks of weights a split of the reduction is cut. Those of a depthwise convolution are few. */
export function weightBlocks(geometry: Conv2dGeometry): number {
  const { kernelHeight, kernelWidth, channels, groups } = geometry;
  if (isDepthwise(geometry)) return 1;
  return Math.ceil((kernelHeight * kernelWidth * channels) / groups / UNIT_WEIGHTS);
}

/**
 * Units of a weight gradient: blocks of weights, split after split. Unit u computes the weights (r, s, c) from
 * 48 * (u % weightBlocks) on of split floor(u / weightBlocks), of all groups; a depthwise one all its weights.
 */
export function conv2dWeightGradientUnits(attributes: Conv2dWeightGradientAttributes): number {
  return attributes.splits * weightBlocks(attributes);
}

export const conv2dInputGradientSimd: SimdEntry<Conv2dInputGradientAttributes> = {
  entry: 'conv2dInputGradient',
  workspaceBytes: (attributes) =>
    isWinogradInputGradient(attributes) ? winogradWorkspaceBytes(attributes.channels) : SIMD_WORKSPACE_BYTES,
  preparation: winogradPreparation(isWinogradInputGradient, true),
  arguments: (attributes, pointers, begin, end) => [...pointers, begin, end, ...geometryNumbers(attributes)],
};

/** Behind a product's scratch: the addresses of 256 pixels, and 48 zeros that stand for pixels outside. */
const WEIGHT_GRADIENT_WORKSPACE_BYTES = SIMD_WORKSPACE_BYTES + 256 * 4 + 48 * 4;

export const conv2dWeightGradientSimd: SimdEntry<Conv2dWeightGradientAttributes> = {
  entry: 'conv2dWeightGradient',
  workspaceBytes: () => WEIGHT_GRADIENT_WORKSPACE_BYTES,
  arguments(attributes, pointers, begin, end) {
    const { batch, outHeight, outWidth, positionsPerSplit } = attributes;
    const positions = batch * outHeight * outWidth;
    return [...pointers, begin, end, ...geometryNumbers(attributes), positions, positionsPerSplit];
  },
};

function geometryNumbers(geometry: Conv2dGeometry): number[] {
  return [
    geometry.height,
    geometry.width,
    geometry.channels,
    geometry.filters,
    geometry.kernelHeight,
    geometry.kernelWidth,
    geometry.outHeight,
    geometry.outWidth,
    geometry.strideHeight,
    geometry.strideWidth,
    geometry.padTop,
    geometry.padLeft,
    geometry.dilationHeight,
    geometry.dilationWidth,
    geometry.groups,
  ];
}
