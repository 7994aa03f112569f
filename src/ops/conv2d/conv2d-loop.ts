/**
 * The forward convolution on the CPU in plain loops: the reference, in float64, for every other way to compute
 * it. For each row of the output, the windows are written out as the rows of a matrix product with the weights.
 */
import type { CpuLoop } from '../../device/kernel.js';
import type { Conv2dAttributes } from './conv2d-attributes.js';
import { conv2dUnits } from './conv2d-simd.js';
import { firstRowOf, isWinograd } from './conv2d-winograd.js';
import { finishRow } from '../core/epilogue-loop.js';
import { createPanels, multiplyPanels, packLine } from '../product/packed-product.js';

export const conv2dLoop: CpuLoop<Conv2dAttributes> = {
  units: conv2dUnits,
  run({ attributes, operands: [x, w, scale, shift, residual, out], begin, end }) {
    const { outHeight, outWidth, channels, filters, kernelHeight, kernelWidth, groups, epilogue } =
      attributes;
    const groupFilters = filters / groups;
    const k = (kernelHeight * kernelWidth * channels) / groups;
    const operands = { scale, shift, residual, out };
    const columnPanels = createPanels(groupFilters, k);
    const sums = new Float64Array(outWidth * groupFilters);
    const [first, last] = [begin, end].map((unit) => firstRowOf(unit, outHeight, isWinograd(attributes)));
    for (let group = 0; group < groups; group++) {
      const firstFilter = group * groupFilters;
      for (let j = 0; j < groupFilters; j++) packLine(columnPanels, k, j, 0, k, w, firstFilter + j, filters);
      for (let row = first; row < last; row++) {
        const rowPanels = packWindows(attributes, x, group, row);
        multiplyPanels(rowPanels, columnPanels, k, outWidth, groupFilters, sums);
        for (let q = 0; q < outWidth; q++) {
          const index = (row * outWidth + q) * filters + firstFilter;
          finishRow(epilogue, operands, sums, q * groupFilters, groupFilters, firstFilter, index);
        }
      }
    }
  },
};

/** The windows of output row `line`, counted through all images, as the rows of the first factor; what lies outside the image is zero. */
function packWindows(
  attributes: Conv2dAttributes,
  x: ArrayLike<number>,
  group: number,
  line: number,
): Float64Array {
  const { height, width, channels, kernelHeight, kernelWidth, outHeight, outWidth, groups } = attributes;
  const { strideHeight, strideWidth, padTop, padLeft, dilationHeight, dilationWidth } = attributes;
  const groupChannels = channels / groups;
  const k = kernelHeight * kernelWidth * groupChannels;
  const image = Math.floor(line / outHeight);
  const top = (line % outHeight) * strideHeight - padTop;
  const panels = createPanels(outWidth, k);
  for (let r = 0; r < kernelHeight; r++) {
    const row = top + r * dilationHeight;
    if (row < 0 || row >= height) continue;
    for (let s = 0; s < kernelWidth; s++) {
      const first = (r * kernelWidth + s) * groupChannels;
      for (let q = 0; q < outWidth; q++) {
        const column = q * strideWidth - padLeft + s * dilationWidth;
        if (column < 0 || column >= width) continue;
        const start = ((image * height + row) * width + column) * channels + group * groupChannels;
        packLine(panels, k, q, first, groupChannels, x, start, 1);
      }
    }
  }
  return panels;
}
