/**
 * The weight gradient of a convolution on the CPU in plain loops: the reference, in float64, for every other way to
 * compute it. For each tap of a unit's weights, what it reads of the image is written out as the rows of a matrix
 * product with dy, some positions at a time.
 */
import type { CpuLoop } from '../../device/kernel.js';
import type { Conv2dWeightGradientAttributes } from './conv2d-gradient-attributes.js';
import { conv2dWeightGradientUnits, unitWeights } from './conv2d-gradient-simd.js';
import { createPanels, multiplyPanels, packLine } from '../product/packed-product.js';

/** Positions whose part of the image and of dy lies packed at a time: it bounds the memory, not the result. */
const BLOCK = 512;

export const conv2dWeightGradientLoop: CpuLoop<Conv2dWeightGradientAttributes> = {
  units: conv2dWeightGradientUnits,
  run({ attributes, operands: [x, dy, partials], begin, end }) {
    const { batch, outHeight, outWidth, channels, filters, kernelHeight, kernelWidth, groups } = attributes;
    const { positionsPerSplit } = attributes;
    const groupChannels = channels / groups;
    const groupFilters = filters / groups;
    const weights = kernelHeight * kernelWidth * groupChannels;
    for (let unit = begin; unit < end; unit++) {
      const { split, weights: unitTaps } = unitWeights(attributes, unit);
      const last = Math.min(batch * outHeight * outWidth, (split + 1) * positionsPerSplit);
      for (let group = 0; group < groups; group++) {
        for (const { tap, channel, count: rows } of unitTaps) {
          const weight = tap * groupChannels + channel;
          const sums = new Float64Array(rows * groupFilters);
          const part = new Float64Array(sums.length);
          for (let first = split * positionsPerSplit; first < last; first += BLOCK) {
            const k = Math.min(BLOCK, last - first);
            const columns = createPanels(groupFilters, k);
            for (let j = 0; j < groupFilters; j++) {
              packLine(columns, k, j, 0, k, dy, first * filters + group * groupFilters + j, filters);
            }
            multiplyPanels(
              packTap(attributes, x, { tap, channel: group * groupChannels + channel, rows }, first, k),
              columns,
              k,
              rows,
              groupFilters,
              part,
            );
            for (let i = 0; i < sums.length; i++) sums[i] += part[i];
          }
          for (let i = 0; i < rows; i++) {
            const index = (split * weights + weight + i) * filters + group * groupFilters;
            partials.set(sums.subarray(i * groupFilters, (i + 1) * groupFilters), index);
          }
        }
      }
    }
  },
};

/** Neighbouring channels that one tap reads. */
interface TapChannels {
  readonly tap: number;
  /** The first of them. */
  readonly channel: number;
  readonly rows: number;
}

/** What a tap reads of channels (the rows) at `count` positions; outside the image it is zero. */
function packTap(
  attributes: Conv2dWeightGradientAttributes,
  x: ArrayLike<number>,
  { tap, channel, rows }: TapChannels,
  first: number,
  count: number,
): Float64Array {
  const { height, width, channels, kernelWidth, outHeight, outWidth } = attributes;
  const { strideHeight, strideWidth, padTop, padLeft, dilationHeight, dilationWidth } = attributes;
  const panels = createPanels(rows, count);
  const top = Math.floor(tap / kernelWidth) * dilationHeight - padTop;
  const left = (tap % kernelWidth) * dilationWidth - padLeft;
  for (let done = 0; done < count; ) {
    // The positions that are left of one output row, and those of them whose column lies in the image.
    const q = (first + done) % outWidth;
    const line = Math.floor((first + done) / outWidth);
    const length = Math.min(outWidth - q, count - done);
    const y = (line % outHeight) * strideHeight + top;
    const begin = Math.max(q, Math.ceil(-left / strideWidth));
    const end = Math.min(q + length, Math.ceil((width - left) / strideWidth));
    if (y >= 0 && y < height && begin < end) {
      const pixel = (Math.floor(line / outHeight) * height + y) * width + begin * strideWidth + left;
      for (let row = 0; row < rows; row++) {
        const start = pixel * channels + channel + row;
        packLine(panels, count, row, done + begin - q, end - begin, x, start, strideWidth * channels);
      }
    }
    done += length;
  }
  return panels;
}
