/**
 * The kernel of a convolution's gradient with respect to its image; the formula stands in
 * conv2d-gradient-attributes.ts, and shaders/lib/conv2d-input-gradient.wgsl says how a stride splits it into
 * phases without wasted taps. One launch computes all phases.
 */
import type { Kernel } from '../../device/kernel.js';
import { geometryWords } from './conv2d-attributes.js';
import type { Conv2dInputGradientAttributes } from './conv2d-gradient-attributes.js';
import { conv2dInputGradientSimd } from './conv2d-gradient-simd.js';
import { gradientVariants } from './conv2d-gradient-variants.js';
import { conv2dInputGradientLoop } from './conv2d-input-gradient-loop.js';
import { inputGradientSplit, inputGradientShape, phasePlaces, splitWords } from './conv2d-split-variants.js';
import {
  winogradCandidates,
  winogradInputGradientByRule,
  winogradInputGradientVariants,
  winogradTurnedWords,
} from './conv2d-winograd-variants.js';

/** Places of a row that one invocation of the depthwise variant computes. */
const DEPTHWISE_PLACES = 4;

export const conv2dInputGradientKernel: Kernel<Conv2dInputGradientAttributes> = {
  name: 'conv2dInputGradient',
  bindings: [
    { name: 'dy', access: 'read', half: true },
    { name: 'w', access: 'read', half: 'copy' },
    { name: 'dx', access: 'write', half: true },
  ],
  shader: {
    ...gradientVariants<Conv2dInputGradientAttributes>({
      family: 'conv2d-input-gradient',
      workgroupTile: 'workgroup-tile-turned.wgsl',
      places: ({ batch, height, width }) => batch * height * width,
      // Every group and phase is a product.
      productSizes(attributes) {
        const { products, rows, columns } = inputGradientShape(attributes);
        return [products, rows, columns];
      },
      workgroupFiles: ['conv2d-whole.wgsl', 'input-gradient-finish.wgsl'],
      split: { shape: inputGradientShape, form: inputGradientSplit },
      depthwiseInvocations({ batch, height, width, channels, strideWidth }) {
        const strips = strideWidth * Math.ceil(Math.ceil(width / strideWidth) / DEPTHWISE_PLACES);
        return batch * height * strips * Math.ceil(channels / 4);
      },
      depthwiseConstants: { PLACES: DEPTHWISE_PLACES },
      more: winogradInputGradientVariants,
      moreCandidates: winogradCandidates,
      byRule: winogradInputGradientByRule,
    }),
    /** In the order of `struct Constants` in shaders/lib/conv2d-input-gradient.wgsl. */
    words: (attributes) => [
      ...geometryWords(attributes),
      ...winogradTurnedWords(attributes),
      attributes.channels / attributes.groups,
      attributes.filters / attributes.groups,
      phasePlaces(attributes),
      ...splitWords(inputGradientShape(attributes)),
    ],
  },
  cpu: conv2dInputGradientLoop,
  simd: conv2dInputGradientSimd,
};
