/**
 * The kernel of a convolution's gradient with respect to its image; the formula stands in
 * conv2d-gradient-attributes.ts, and shaders/lib/conv2d-input-gradient.wgsl says how a stride splits it into
 * phases without wasted taps. One launch computes all phases.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../device/grid.js';
import type { Kernel } from '../device/kernel.js';
import { isDepthwise } from './conv2d-attributes.js';
import type { Conv2dInputGradientAttributes } from './conv2d-gradient-attributes.js';
import { conv2dInputGradientLoop } from './conv2d-input-gradient-loop.js';
import { conv2dInputGradientSimd } from './conv2d-gradient-simd.js';
import { chooseDepthwise, LOAD_FILES, loadsOf, withLoads } from './conv2d-gradient-variants.js';
import {
  chooseTile,
  type ProductTile,
  type ProductTileName,
  REGISTER_TILES,
  tileCount,
  WORKGROUP_TILES,
} from './product-variants.js';

/** Places of a row that one invocation of the depthwise variant computes. */
const DEPTHWISE_PLACES = 4;

/** Rows of the largest phase's product. */
function phasePlaces({
  batch,
  height,
  width,
  strideHeight,
  strideWidth,
}: Conv2dInputGradientAttributes): number {
  return batch * Math.ceil(height / strideHeight) * Math.ceil(width / strideWidth);
}

/** Number, rows and columns of the products that the groups and phases are. */
function productSizes(attributes: Conv2dInputGradientAttributes): [products: number, m: number, n: number] {
  const { strideHeight, strideWidth, channels, groups } = attributes;
  return [groups * strideHeight * strideWidth, phasePlaces(attributes), channels / groups];
}

function tileVariants(name: ProductTileName, tile: ProductTile, file: string, library: string) {
  return withLoads<Conv2dInputGradientAttributes>(name, (loads) => ({
    file,
    libraries: ['grid.wgsl', library, 'conv2d-input-gradient.wgsl', ...LOAD_FILES[loads]],
    constants: tile.constants,
    grid: (attributes) => flatGrid(tileCount(tile, ...productSizes(attributes)), 1),
  }));
}

const depthwiseVariants = withLoads<Conv2dInputGradientAttributes>(
  'depthwise',
  (loads) => ({
    file: 'conv2d-input-gradient-depthwise.wgsl',
    libraries: ['grid.wgsl', 'conv2d-input-gradient.wgsl', ...LOAD_FILES[loads]],
    constants: { WORKGROUP: POINTWISE_WORKGROUP, PLACES: DEPTHWISE_PLACES },
    grid({ batch, height, width, channels, strideWidth }) {
      const strips = strideWidth * Math.ceil(Math.ceil(width / strideWidth) / DEPTHWISE_PLACES);
      return flatGrid(batch * height * strips * Math.ceil(channels / 4), POINTWISE_WORKGROUP);
    },
  }),
  true,
);

const { register8, register4 } = REGISTER_TILES;
const { tile128, tile64, tile32 } = WORKGROUP_TILES;
const REGISTER = ['conv2d-input-gradient-register.wgsl', 'register-tile.wgsl'] as const;
const WORKGROUP = ['conv2d-input-gradient-workgroup.wgsl', 'workgroup-tile-turned.wgsl'] as const;

export const conv2dInputGradientKernel: Kernel<Conv2dInputGradientAttributes> = {
  name: 'conv2dInputGradient',
  bindings: [
    { name: 'dy', access: 'read' },
    { name: 'w', access: 'read' },
    { name: 'dx', access: 'write' },
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
    /** In the order of `struct Constants` in shaders/lib/conv2d-input-gradient.wgsl. */
    words: (attributes) => [
      attributes.batch,
      attributes.height,
      attributes.width,
      attributes.channels,
      attributes.filters,
      attributes.kernelHeight,
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
      phasePlaces(attributes),
    ],
  },
  cpu: conv2dInputGradientLoop,
  simd: conv2dInputGradientSimd,
};
