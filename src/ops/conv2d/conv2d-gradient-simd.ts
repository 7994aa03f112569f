/**
 * The entries of a convolution's two gradients into the WebAssembly SIMD module
 * (src/device/cpu/simd/conv2d-input-gradient.ts and conv2d-weight-gradient.ts), and the units that they share with
 * the plain loops.
 */
import type { SimdEntry } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';
import { isDepthwise } from './conv2d-attributes.js';
import type {
  Conv2dInputGradientAttributes,
  Conv2dWeightGradientAttributes,
} from './conv2d-gradient-attributes.js';
import {
  GRADIENT_CHANNELS,
  INPUT_GRADIENT,
  isWinogradInputGradient,
  isWinogradWeightGradient,
  preparedTiles,
  rowUnits,
  winogradGradientWorkspaceBytes,
  winogradPreparation,
  winogradWorkspaceBytes,
} from './conv2d-winograd.js';
import { SIMD_WORKSPACE_BYTES } from '../product/matmul-simd.js';

/** Units of an input gradient: rows of dx, image after image, or fours of them (firstRowOf in conv2d-winograd.ts). */
export function conv2dInputGradientUnits(attributes: Conv2dInputGradientAttributes): number {
  return rowUnits(attributes.batch, attributes.height, isWinogradInputGradient(attributes));
}

/** Weights (r, s, c) of one unit of a weight gradient: a block of rows of the SIMD product. */
const UNIT_WEIGHTS = 48;

/** Into how many blocks of weights a split of the reduction is cut. Those of a depthwise convolution are few. */
function weightBlocks(attributes: Conv2dWeightGradientAttributes): number {
  const { kernelHeight, kernelWidth, channels, groups } = attributes;
  if (isDepthwise(attributes)) return 1;
  if (isWinogradWeightGradient(attributes)) return Math.ceil(channels / GRADIENT_CHANNELS);
  return Math.ceil((kernelHeight * kernelWidth * channels) / groups / UNIT_WEIGHTS);
}

/** Units of a weight gradient: blocks of weights, split after split (unitWeights). */
export function conv2dWeightGradientUnits(attributes: Conv2dWeightGradientAttributes): number {
  return attributes.splits * weightBlocks(attributes);
}

/** Weights of one tap that belong to a unit: those of `count` channels, of every group, from `channel` on. */
export interface TapWeights {
  readonly tap: number;
  readonly channel: number;
  readonly count: number;
}

/**
 * What unit `unit` computes: of split floor(unit / blocks), the weights (r, s, c) from 48 * (unit % blocks) on; with
 * Winograd's transforms the channels from 64 * (unit % blocks) on of every tap; all of them if there is one block.
 */
export function unitWeights(
  attributes: Conv2dWeightGradientAttributes,
  unit: number,
): { readonly split: number; readonly weights: TapWeights[] } {
  const channels = attributes.channels / attributes.groups;
  const taps = attributes.kernelHeight * attributes.kernelWidth;
  const blocks = weightBlocks(attributes);
  const [split, block] = [Math.floor(unit / blocks), unit % blocks];
  const weights: TapWeights[] = [];
  if (blocks === 1 || isWinogradWeightGradient(attributes)) {
    const channel = block * GRADIENT_CHANNELS;
    const count = blocks === 1 ? channels : Math.min(GRADIENT_CHANNELS, channels - channel);
    for (let tap = 0; tap < taps; tap++) weights.push({ tap, channel, count });
    return { split, weights };
  }
  const last = Math.min(taps * channels, (block + 1) * UNIT_WEIGHTS);
  for (let weight = block * UNIT_WEIGHTS; weight < last; ) {
    const channel = weight % channels;
    const count = Math.min(channels - channel, last - weight);
    weights.push({ tap: (weight - channel) / channels, channel, count });
    weight += count;
  }
  return { split, weights };
}

export const conv2dInputGradientSimd: SimdEntry<Conv2dInputGradientAttributes> = simdEntry(
  'conv2dInputGradient',
  {
    workspaceBytes: (attributes) =>
      isWinogradInputGradient(attributes)
        ? winogradWorkspaceBytes(INPUT_GRADIENT, attributes)
        : SIMD_WORKSPACE_BYTES,
    preparation: winogradPreparation(INPUT_GRADIENT),
    arguments(attributes, [dy, w, dx, workspace, prepared], begin, end) {
      const tiles = preparedTiles(INPUT_GRADIENT, attributes);
      return { dy, w, dx, workspace, prepared, begin, end, tiles, ...attributes };
    },
  },
);

/** Behind a product's scratch: the addresses of 256 pixels, and 48 zeros that stand for pixels outside. */
const WEIGHT_GRADIENT_WORKSPACE_BYTES = SIMD_WORKSPACE_BYTES + 256 * 4 + 48 * 4;

export const conv2dWeightGradientSimd: SimdEntry<Conv2dWeightGradientAttributes> = simdEntry(
  'conv2dWeightGradient',
  {
    workspaceBytes: (attributes) =>
      isWinogradWeightGradient(attributes)
        ? winogradGradientWorkspaceBytes(attributes.filters)
        : WEIGHT_GRADIENT_WORKSPACE_BYTES,
    arguments(attributes, [x, dy, partials, workspace], begin, end) {
      const { batch, outHeight, outWidth } = attributes;
      return {
        x,
        dy,
        partials,
        workspace,
        begin,
        end,
        positions: batch * outHeight * outWidth,
        isWinograd: isWinogradWeightGradient(attributes),
        ...attributes,
      };
    },
  },
);
