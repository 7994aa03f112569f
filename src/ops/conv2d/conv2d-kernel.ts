/** The kernel of the forward convolution; what it computes stands in conv2d-attributes.ts. */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import type { Kernel, Variant } from '../../device/kernel.js';
import { type Conv2dAttributes, geometryClass, geometryWords, isDepthwise } from './conv2d-attributes.js';
import { conv2dLoop } from './conv2d-loop.js';
import { conv2dSimd } from './conv2d-simd.js';
import {
  CONVOLUTION_FILES,
  convolutionSplit,
  convolutionShape,
  runsOf,
  splitWords,
} from './conv2d-split-variants.js';
import {
  winogradByRule,
  winogradCandidates,
  winogradVariants,
  winogradWords,
} from './conv2d-winograd-variants.js';
import { EPILOGUE_BINDINGS, EPILOGUE_FILES, epilogueBits } from '../core/epilogue.js';
import { splitByRule, splitVariant } from '../product/product-splits.js';
import {
  chooseTile,
  type ProductTile,
  type ProductTileName,
  REGISTER_TILES,
  tileCount,
  tileSupport,
  tilesWith,
  usesRegisterTiles,
  WIDE_TILES,
  WORKGROUP_TILES,
  wideTilesWith,
} from '../product/product-variants.js';

/** Neighbouring places that one invocation of the depthwise variant computes. */
const DEPTHWISE_PLACES = 4;

/** Loads of four neighbours need groups whose channels and filters are multiples of 4; single elements any. */
type Loads = 'Vec4' | 'Scalar';

const LOAD_FILES: Readonly<Record<Loads, readonly [image: string, columns: string]>> = {
  Vec4: ['a-vec4.wgsl', 'b-vec4.wgsl'],
  Scalar: ['a-scalar.wgsl', 'b-scalar.wgsl'],
};

function loadsOf({ channels, filters, groups }: Conv2dAttributes): Loads {
  return (channels / groups) % 4 === 0 && (filters / groups) % 4 === 0 ? 'Vec4' : 'Scalar';
}

/** Rows and columns of the product that each group is. */
function productSize({
  batch,
  outHeight,
  outWidth,
  filters,
  groups,
}: Conv2dAttributes): [m: number, n: number] {
  return [batch * outHeight * outWidth, filters / groups];
}

function suitsLoads(loads: Loads): (attributes: Conv2dAttributes) => boolean {
  return (attributes) => loads === 'Scalar' || loadsOf(attributes) === 'Vec4';
}

/** A tile's two variants. */
function tileVariants(name: ProductTileName, tile: ProductTile) {
  const register = name in REGISTER_TILES;
  const file = register ? 'conv2d/conv2d-register.wgsl' : 'conv2d/conv2d-workgroup.wgsl';
  const libraries = register ? ['register-tile.wgsl'] : ['workgroup-tile.wgsl', 'conv2d-whole.wgsl'];
  const variant = (loads: Loads): Variant<Conv2dAttributes> => ({
    file,
    libraries: ['grid.wgsl', ...libraries, ...CONVOLUTION_FILES, ...LOAD_FILES[loads], ...EPILOGUE_FILES],
    constants: tile.constants,
    grid: (attributes) => flatGrid(tileCount(tile, attributes.groups, ...productSize(attributes)), 1),
    supports: tileSupport(tile),
    suits: suitsLoads(loads),
  });
  return { [`${name}Vec4`]: variant('Vec4'), [`${name}Scalar`]: variant('Scalar') };
}

/** Split sums: on llvmpipe they take 1.0 to 1.5 times as long, so only GPUs have a tile with it. */
function splitTile64(loads: Loads): Variant<Conv2dAttributes> {
  const [image, columns] = LOAD_FILES[loads];
  return splitVariant(WORKGROUP_TILES.tile64, convolutionSplit({ image, columns }, suitsLoads(loads)));
}

/** A depthwise variant sees all channels as neighbours, though each is a group. */
function depthwiseVariant(loads: Loads): Variant<Conv2dAttributes> {
  return {
    file: 'conv2d/conv2d-depthwise.wgsl',
    libraries: ['grid.wgsl', ...CONVOLUTION_FILES, ...LOAD_FILES[loads], ...EPILOGUE_FILES],
    constants: { WORKGROUP: POINTWISE_WORKGROUP, PLACES: DEPTHWISE_PLACES },
    grid: ({ batch, outHeight, outWidth, channels }) =>
      flatGrid(
        batch * outHeight * Math.ceil(outWidth / DEPTHWISE_PLACES) * Math.ceil(channels / 4),
        POINTWISE_WORKGROUP,
      ),
    suits: (attributes) => isDepthwise(attributes) && (loads === 'Scalar' || attributes.channels % 4 === 0),
  };
}

const { register8, register4 } = REGISTER_TILES;
const { tile128, tile64, tile64Deep, tile32 } = WORKGROUP_TILES;
const { tile128Wide, tile64Wide } = WIDE_TILES;

const splits = { splitTile64Vec4: splitTile64('Vec4'), splitTile64Scalar: splitTile64('Scalar') };

export const conv2dKernel: Kernel<Conv2dAttributes> = {
  name: 'conv2d',
  bindings: [
    { name: 'x', access: 'read', half: true },
    { name: 'w', access: 'read', half: 'copy' },
    ...EPILOGUE_BINDINGS,
    { name: 'out', access: 'write', half: true },
  ],
  shader: {
    variants: {
      depthwiseVec4: depthwiseVariant('Vec4'),
      depthwiseScalar: depthwiseVariant('Scalar'),
      ...tileVariants('register8', register8),
      ...tileVariants('register4', register4),
      ...tileVariants('tile128', tile128),
      ...tileVariants('tile64', tile64),
      ...tileVariants('tile64Deep', tile64Deep),
      ...tileVariants('tile32', tile32),
      ...tileVariants('tile128Wide', tile128Wide),
      ...tileVariants('tile64Wide', tile64Wide),
      ...splits,
      ...winogradVariants,
    },
    choose(attributes, traits) {
      if (isDepthwise(attributes)) return attributes.channels % 4 === 0 ? 'depthwiseVec4' : 'depthwiseScalar';
      const split = `splitTile64${loadsOf(attributes)}` as const;
      if (splitByRule(splits[split], convolutionShape(attributes), attributes, traits)) return split;
      const tile = chooseTile(attributes.groups, ...productSize(attributes), traits);
      return winogradByRule(attributes, traits) ?? `${tile}${loadsOf(attributes)}`;
    },
    tuning: {
      shapeClass: (attributes) => geometryClass(attributes, productSize(attributes)[0]),
      plain: (attributes) => (isDepthwise(attributes) ? 'depthwiseScalar' : 'tile32Scalar'),
      candidates: (attributes, traits) =>
        isDepthwise(attributes)
          ? ['depthwiseVec4', 'depthwiseScalar']
          : [
              ...tilesWith(loadsOf(attributes), traits),
              ...wideTilesWith(loadsOf(attributes), traits),
              ...(usesRegisterTiles(traits) ? [] : [`splitTile64${loadsOf(attributes)}`]),
              ...winogradCandidates(traits),
            ],
    },
    words,
  },
  cpu: conv2dLoop,
  simd: conv2dSimd,
};

/** In the order of `struct Constants` in shaders/lib/conv2d-constants.wgsl, which says what a run is. */
function words(attributes: Conv2dAttributes): number[] {
  const { channels, filters, groups, epilogue } = attributes;
  const { runs, runsPerKernelRow, runLength } = runsOf(attributes);
  return [
    ...geometryWords(attributes),
    ...winogradWords(attributes, epilogueBits(epilogue)),
    channels / groups,
    filters / groups,
    runs,
    runsPerKernelRow,
    runLength,
    epilogueBits(epilogue),
    ...splitWords(convolutionShape(attributes)),
  ];
}
