/**
 * The kernel of a convolution's gradient with respect to its weights; the formula, and how the reduction is split,
 * stand in conv2d-gradient-attributes.ts.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../device/grid.js';
import type { Kernel } from '../device/kernel.js';
import { isDepthwise } from './conv2d-attributes.js';
import type { Conv2dWeightGradientAttributes } from './conv2d-gradient-attributes.js';
import { conv2dWeightGradientSimd } from './conv2d-gradient-simd.js';
import { chooseDepthwise, LOAD_FILES, type Loads, loadsOf, withLoads } from './conv2d-gradient-variants.js';
import { conv2dWeightGradientLoop } from './conv2d-weight-gradient-loop.js';
import {
  chooseTile,
  type ProductTile,
  type ProductTileName,
  REGISTER_TILES,
  tileCount,
  WORKGROUP_TILES,
} from './product-variants.js';

const ROW_FILES: Readonly<Record<Loads, string>> = {
  Vec4: 'weight-rows-vec4.wgsl',
  Scalar: 'weight-rows-scalar.wgsl',
};

/** Weights of one filter. */
function weightsOfFilter({
  kernelHeight,
  kernelWidth,
  channels,
  groups,
}: Conv2dWeightGradientAttributes): number {
  return (kernelHeight * kernelWidth * channels) / groups;
}

/** Number, rows and columns of the products that the groups and splits are. */
function productSizes(attributes: Conv2dWeightGradientAttributes): [products: number, m: number, n: number] {
  const { groups, splits, filters } = attributes;
  return [groups * splits, weightsOfFilter(attributes), filters / groups];
}

function tileVariants(name: ProductTileName, tile: ProductTile, file: string, library: string) {
  return withLoads<Conv2dWeightGradientAttributes>(name, (loads) => ({
    file,
    libraries: ['grid.wgsl', library, 'conv2d-weight-gradient.wgsl', ...LOAD_FILES[loads], ROW_FILES[loads]],
    constants: tile.constants,
    grid: (attributes) => flatGrid(tileCount(tile, ...productSizes(attributes)), 1),
  }));
}

const depthwiseVariants = withLoads<Conv2dWeightGradientAttributes>(
  'depthwise',
  (loads) => ({
    file: 'conv2d-weight-gradient-depthwise.wgsl',
    libraries: ['grid.wgsl', 'conv2d-weight-gradient.wgsl', ...LOAD_FILES[loads]],
    constants: { WORKGROUP: POINTWISE_WORKGROUP },
    grid: ({ kernelHeight, kernelWidth, channels, splits }) =>
      flatGrid(splits * kernelHeight * kernelWidth * Math.ceil(channels / 4), POINTWISE_WORKGROUP),
  }),
  true,
);

const { register8, register4 } = REGISTER_TILES;
const { tile128, tile64, tile32 } = WORKGROUP_TILES;
const REGISTER = ['conv2d-weight-gradient-register.wgsl', 'register-tile.wgsl'] as const;
const WORKGROUP = ['conv2d-weight-gradient-workgroup.wgsl', 'workgroup-tile-steps.wgsl'] as const;

export const conv2dWeightGradientKernel: Kernel<Conv2dWeightGradientAttributes> = {
  name: 'conv2dWeightGradient',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'dy', access: 'read' },
    { name: 'partials', access: 'write' },
  ],
  shader: {
    variants: {
      ...depthwiseVariants,
      ...tileVariants('register8', register8, ...REGISTER),
      ...tileVariants('register4', register4, ...REGISTER),
      ...tileVariants('tile128', tile128, ...WORKGROUP),
      ...tileVariants('tile64', tile64, ...WORKGROUP),
      ...tileVariants('tile32', tile32, ...WORKGROUP),
    },
    choose(attributes, traits) {
      if (isDepthwise(attributes)) return chooseDepthwise(attributes);
      return `${chooseTile(...productSizes(attributes), traits)}${loadsOf(attributes)}`;
    },
    /** In the order of `struct Constants` in shaders/lib/conv2d-weight-gradient.wgsl. */
    words: (attributes) => [
      attributes.batch,
      attributes.height,
      attributes.width,
      attributes.channels,
      attributes.filters,
      attributes.kernelWidth,
      attributes.outHeight,
      attributes.outWidth,
      attributes.strideHeight,
      attributes.strideWidth,
      attributes.padTop,
      attributes.padLeft,
      attributes.dilationHeight,
      attributes.dilationWidth,
      attributes.groups,
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
