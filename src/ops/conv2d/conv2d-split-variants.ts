/**
 * Convolutions and their input gradients whose sums are split; see product-splits.ts. A split has a stretch of every
 * run of the window (shaders/lib/conv2d-constants.wgsl), or of the filters of every tap. The gradient with respect to the
 * weights is cut by its operation (conv2d-gradient-attributes.ts).
 */
import type { Conv2dGeometry } from './conv2d-attributes.js';
import { splitsOf, type SplitForm, type SplitLoads, type SummedShape } from '../product/product-splits.js';
import { EPILOGUE_FILES } from '../core/epilogue.js';

/** The constants of a forward convolution, and how its sums run. */
export const CONVOLUTION_FILES = ['conv2d-geometry.wgsl', 'conv2d-constants.wgsl'] as const;

export function convolutionShape(geometry: Conv2dGeometry): SummedShape {
  const { batch, outHeight, outWidth, filters, groups } = geometry;
  const { runs, runLength } = runsOf(geometry);
  const rows = batch * outHeight * outWidth;
  return { products: groups, rows, columns: filters / groups, repeats: runs, length: runLength };
}

/** How many runs of neighbours a window has, in all and in a kernel row, and the elements of each. */
export function runsOf({ kernelHeight, kernelWidth, dilationWidth, channels, groups }: Conv2dGeometry) {
  return groups === 1 && dilationWidth === 1
    ? { runs: kernelHeight, runsPerKernelRow: 1, runLength: kernelWidth * channels }
    : { runs: kernelHeight * kernelWidth, runsPerKernelRow: kernelWidth, runLength: channels / groups };
}

export function inputGradientShape(geometry: Conv2dGeometry): SummedShape {
  const { channels, filters, groups, kernelHeight, kernelWidth, strideHeight, strideWidth } = geometry;
  return {
    products: groups * strideHeight * strideWidth,
    rows: phasePlaces(geometry),
    columns: channels / groups,
    repeats: Math.ceil(kernelHeight / strideHeight) * Math.ceil(kernelWidth / strideWidth),
    length: filters / groups,
  };
}

/** Rows of the largest phase's product; shaders/lib/conv2d-input-gradient.wgsl says what a phase is. */
export function phasePlaces({ batch, height, width, strideHeight, strideWidth }: Conv2dGeometry): number {
  return batch * Math.ceil(height / strideHeight) * Math.ceil(width / strideWidth);
}

/** The last words of both kernels' `struct Constants`. */
export function splitWords(shape: SummedShape): number[] {
  const { splits, steps } = splitsOf(shape);
  return [splits, steps];
}

export function convolutionSplit<A extends Conv2dGeometry>(
  { image, columns }: SplitLoads,
  suits: (attributes: A) => boolean,
): SplitForm<A> {
  return {
    shape: convolutionShape,
    results: ({ batch, outHeight, outWidth, filters }) => [batch * outHeight * outWidth, filters],
    family: 'conv2d/conv2d',
    workgroupTile: 'workgroup-tile.wgsl',
    products: [...CONVOLUTION_FILES, 'conv2d-splits.wgsl', image, columns],
    addition: [...CONVOLUTION_FILES, 'splits-of-conv2d.wgsl', columns, ...EPILOGUE_FILES],
    workspace: 7,
    suits,
  };
}

export function inputGradientSplit<A extends Conv2dGeometry>(
  { image, columns }: SplitLoads,
  suits: (attributes: A) => boolean,
): SplitForm<A> {
  const constants = ['conv2d-geometry.wgsl', 'conv2d-input-gradient.wgsl'];
  return {
    shape: inputGradientShape,
    results: ({ batch, height, width, channels }) => [batch * height * width, channels],
    family: 'conv2d/conv2d-input-gradient',
    workgroupTile: 'workgroup-tile-turned.wgsl',
    products: [...constants, 'conv2d-splits.wgsl', image, columns],
    addition: [...constants, 'splits-of-input-gradient.wgsl', columns, 'input-gradient-finish.wgsl'],
    workspace: 4,
    suits,
  };
}
