/**
 * The weight gradient of a convolution on the CPU in plain loops: the reference, in float64, for every other way to
 * compute it. For each tap of a split, what it reads of the image is written out as the rows of a matrix product
 * with dy, some positions at a time.
 */
import type { CpuLoop } from '../device/kernel.js';
import type { Conv2dWeightGradientAttributes } from './conv2d-gradient-attributes.js';
import { conv2dWeightGradientUnits } from './conv2d-gradient-simd.js';
import { createPanels, multiplyPanels, packLine } from './packed-product.js';

/** Positions whose part of the image and of dy lies packed at a time: it bounds the memory, not the result. */
const BLOCK = 512;

export const conv2dWeightGradientLoop: CpuLoop<Conv2dWeightGradientAttributes> = {
  units: conv2dWeightGradientUnits,
  run({ attributes, operands: [x, dy, partials], begin, end }) {
    const { batch, outHeight, outWidth, channels, filters, kernelHeight, kernelWidth, groups } = attributes;
    const { positionsPerSplit } = attributes;
    const groupChannels = channels / groups;
    const groupFilters = filters / groups;
    const taps = kernelHeight * kernelWidth;
    const sums = new Float64Array(groupChannels * groupFilters);
    const part = new Float64Array(sums.length);
    for (let split = begin; split < end; split++) {
      const last = Math.min(batch * outHeight * outWidth, (split + 1) * positionsPerSplit);
      for (let group = 0; group < groups; group++) {
        for (let tap = 0; tap < taps; tap++) {
          sums.fill(0);
          for (let first = split * positionsPerSplit; first < last; first += BLOCK) {
            const k = Math.min(BLOCK, last - first);
            const columns = createPanels(groupFilters, k);
            for (let j = 0; j < groupFilters; j++) {
              packLine(columns, k, j, 0, k, dy, first * filters + group * groupFilters + j, filters);
            }
            multiplyPanels(
              packTap(attributes, x, group, tap, first, k),
              columns,
              k,
              groupChannels,
              groupFilters,
              part,
            );
            for (let i = 0; i < sums.length; i++) sums[i] += part[i];
          }
          for (let c = 0; c < groupChannels; c++) {
            const index = ((split * taps + tap) * groupChannels + c) * filters + group * groupFilters;
            partials.set(sums.subarray(c * groupFilters, (c + 1) * groupFilters), index);
          }
        }
      }
    }
  },
};

/** What a tap reads of a group's channels (the rows) at `count` positions; outside the image it is zero. */
function packTap(
  attributes: Conv2dWeightGradientAttributes,
  x: ArrayLike<number>,
  group: number,
  tap: number,
  first: number,
  count: number,
): Float64Array {
  const { height, width, channels, kernelWidth, outHeight, outWidth, groups } = attributes;
  const { strideHeight, strideWidth, padTop, padLeft, dilationHeight, dilationWidth } = attributes;
  const groupChannels = channels / groups;
  const panels = createPanels(groupChannels, count);
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
      for (let c = 0; c < groupChannels; c++) {
        const start = pixel * channels + group * groupChannels + c;
        packLine(panels, count, c, done + begin - q, end - begin, x, start, strideWidth * channels);
      }
    }
    done += length;
  }
  return panels;
}
