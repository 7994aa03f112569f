/**
 * The kernel of a convolution's gradient with respect to its weights; the formula, and how the reduction is split,
 * stand in conv2d-gradient-attributes.ts.
 */
import type { Kernel } from '../../device/kernel.js';
import { geometryWords } from './conv2d-attributes.js';
import type { Conv2dWeightGradientAttributes } from './conv2d-gradient-attributes.js';
import { conv2dWeightGradientSimd } from './conv2d-gradient-simd.js';
import { gradientVariants } from './conv2d-gradient-variants.js';
import { conv2dWeightGradientLoop } from './conv2d-weight-gradient-loop.js';

/** Weights of one filter. */
function weightsOfFilter({
  kernelHeight,
  kernelWidth,
  channels,
  groups,
}: Conv2dWeightGradientAttributes): number {
  return (kernelHeight * kernelWidth * channels) / groups;
}

export const conv2dWeightGradientKernel: Kernel<Conv2dWeightGradientAttributes> = {
  name: 'conv2dWeightGradient',
  bindings: [
    { name: 'x', access: 'read', half: true },
    { name: 'dy', access: 'read', half: true },
    { name: 'partials', access: 'write' },
  ],
  shader: {
    ...gradientVariants<Conv2dWeightGradientAttributes>({
      family: 'conv2d-weight-gradient',
      workgroupTile: 'workgroup-tile-steps.wgsl',
      productFiles: { Vec4: ['weight-rows-vec4.wgsl'], Scalar: ['weight-rows-scalar.wgsl'] },
      places: ({ batch, outHeight, outWidth }) => batch * outHeight * outWidth,
      // Every group and split is a product.
      productSizes(attributes) {
        const { groups, splits, filters } = attributes;
        return [groups * splits, weightsOfFilter(attributes), filters / groups];
      },
      depthwiseInvocations: ({ kernelHeight, kernelWidth, channels, splits }) =>
        splits * kernelHeight * kernelWidth * Math.ceil(channels / 4),
    }),
    /** In the order of `struct Constants` in shaders/lib/conv2d-weight-gradient.wgsl. */
    words: (attributes) => [
      ...geometryWords(attributes),
      attributes.channels / attributes.groups,
      attributes.filters / attributes.groups,
      weightsOfFilter(attributes),
      attributes.splits,
      attributes.positionsPerSplit,
    ],
  },
  cpu: conv2dWeightGradientLoop,
  simd: conv2dWeightGradientSimd,
};
