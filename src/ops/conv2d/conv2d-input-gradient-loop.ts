/**
 * The input gradient of a convolution on the CPU in plain loops: the reference, in float64, for every other way to
 * compute it. Places of dx whose coordinates leave the same rest by the strides (a phase) meet the same taps: for
 * each row of a phase, what these taps read of dy is written out as the rows of a matrix product with their weights.
 */
import type { CpuLoop } from '../../device/kernel.js';
import type { Conv2dInputGradientAttributes } from './conv2d-gradient-attributes.js';
import { conv2dInputGradientUnits } from './conv2d-gradient-simd.js';
import { firstRowOf, isWinogradInputGradient } from './conv2d-winograd.js';
import { createPanels, multiplyPanels, packLine } from '../product/packed-product.js';

/** A tap of a phase along one axis: place i of the phase gets something from output i + reached. */
interface Tap {
  readonly tap: number;
  readonly reached: number;
}

/** The taps that reach the places first, first + stride, ... of an axis. */
function tapsOf(first: number, pad: number, stride: number, dilation: number, kernel: number): Tap[] {
  return Array.from({ length: kernel }, (_, tap) => ({
    tap,
    reached: (first + pad - tap * dilation) / stride,
  })).filter(({ reached }) => Number.isInteger(reached));
}

export const conv2dInputGradientLoop: CpuLoop<Conv2dInputGradientAttributes> = {
  units: conv2dInputGradientUnits,
  run({ attributes, operands: [dy, w, dx], begin, end }) {
    const { height, strideHeight, strideWidth, groups } = attributes;
    const rowOf = (unit: number) => firstRowOf(unit, height, isWinogradInputGradient(attributes));
    for (let group = 0; group < groups; group++) {
      for (let top = 0; top < strideHeight; top++) {
        for (let left = 0; left < strideWidth; left++) {
          multiplyPhase(attributes, group, top, left, dy, w, dx, rowOf(begin), rowOf(end));
        }
      }
    }
  },
};

/** Computes the places (top + i strideHeight, left + j strideWidth) of the rows begin .. end - 1 of all images, for one group. */
function multiplyPhase(
  attributes: Conv2dInputGradientAttributes,
  group: number,
  top: number,
  left: number,
  dy: ArrayLike<number>,
  w: ArrayLike<number>,
  dx: Float32Array | Float64Array,
  begin: number,
  end: number,
): void {
  const { height, width, channels, filters, kernelHeight, kernelWidth, outHeight, outWidth, groups } =
    attributes;
  const { strideHeight, strideWidth, padTop, padLeft, dilationHeight, dilationWidth } = attributes;
  const groupChannels = channels / groups;
  const groupFilters = filters / groups;
  const rowTaps = tapsOf(top, padTop, strideHeight, dilationHeight, kernelHeight);
  const columnTaps = tapsOf(left, padLeft, strideWidth, dilationWidth, kernelWidth);
  const taps = rowTaps.flatMap((row) => columnTaps.map((column) => ({ row, column })));
  const k = taps.length * groupFilters;
  const places = Math.max(0, Math.ceil((width - left) / strideWidth));

  const weights = createPanels(groupChannels, k);
  taps.forEach(({ row, column }, i) => {
    const tap = row.tap * kernelWidth + column.tap;
    for (let c = 0; c < groupChannels; c++) {
      const start = (tap * groupChannels + c) * filters + group * groupFilters;
      packLine(weights, k, c, i * groupFilters, groupFilters, w, start, 1);
    }
  });

  const sums = new Float64Array(places * groupChannels);
  for (let line = begin; line < end; line++) {
    const y = line % height;
    if (y % strideHeight !== top) continue;
    const image = Math.floor(line / height);
    const lines = createPanels(places, k);
    taps.forEach(({ row, column }, i) => {
      const p = (y - top) / strideHeight + row.reached;
      if (p < 0 || p >= outHeight) return;
      const last = Math.min(places, outWidth - column.reached);
      for (let j = Math.max(0, -column.reached); j < last; j++) {
        const start =
          ((image * outHeight + p) * outWidth + j + column.reached) * filters + group * groupFilters;
        packLine(lines, k, j, i * groupFilters, groupFilters, dy, start, 1);
      }
    });
    multiplyPanels(lines, weights, k, places, groupChannels, sums);
    for (let j = 0; j < places; j++) {
      const index = (line * width + left + j * strideWidth) * channels + group * groupChannels;
      dx.set(sums.subarray(j * groupChannels, (j + 1) * groupChannels), index);
    }
  }
}
