/**
 * The forward convolution by Winograd's F(4x4, 3x3) on a GPU, in four passes: the weights and the image are transformed,
 * 36 matrix products multiplied in the transformed domain, and their results transformed back. A product needs a quarter
 * of the direct way's multiplications; what the passes hand on needs memory, and time where that is slow. No adapter takes
 * these by rule: `attune tune` finds where they win.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../device/grid.js';
import type { AdapterTraits, Pass, Variant } from '../device/kernel.js';
import type { Conv2dAttributes, Conv2dGeometry } from './conv2d-attributes.js';
import {
  type ProductTile,
  REGISTER_TILES,
  tileCount,
  tileSupport,
  usesRegisterTiles,
  WORKGROUP_TILES,
} from './product-variants.js';

/** Side of a tile of the output, and positions of its products. */
const TILE_SIDE = 4;
const POSITIONS = 36;

const WORKGROUP = { WORKGROUP: POINTWISE_WORKGROUP };

function tilesOf({ batch, outHeight, outWidth }: Conv2dGeometry) {
  const [down, across] = [Math.ceil(outHeight / TILE_SIDE), Math.ceil(outWidth / TILE_SIDE)];
  return { tiles: batch * down * across, down, across };
}

/** The last words of `struct Constants` in shaders/lib/conv2d-constants.wgsl. */
export function winogradWords(geometry: Conv2dGeometry): number[] {
  const { tiles, down, across } = tilesOf(geometry);
  return [tiles, POSITIONS, down, across];
}

/** 3 x 3, without stride, dilation and groups; four neighbours at once. */
function suits(geometry: Conv2dGeometry): boolean {
  const { channels, filters, kernelHeight, kernelWidth, groups } = geometry;
  const { strideHeight, strideWidth, dilationHeight, dilationWidth } = geometry;
  return (
    kernelHeight === 3 &&
    kernelWidth === 3 &&
    [strideHeight, strideWidth, dilationHeight, dilationWidth, groups].every((one) => one === 1) &&
    channels % 4 === 0 &&
    filters % 4 === 0
  );
}

/** A pass with an invocation for each of `count` fours of channels or filters. */
function transform(
  file: string,
  libraries: readonly string[],
  count: (attributes: Conv2dAttributes) => number,
): Pass<Conv2dAttributes> {
  return {
    file,
    libraries: ['grid.wgsl', 'conv2d-constants.wgsl', ...libraries, 'winograd-workspace.wgsl'],
    constants: WORKGROUP,
    grid: (attributes) => flatGrid(count(attributes), POINTWISE_WORKGROUP),
  };
}

function winograd(tile: ProductTile): Variant<Conv2dAttributes> {
  const kind = tile.lanes === undefined ? 'workgroup' : 'register';
  const products: Pass<Conv2dAttributes> = {
    file: `matmul-${kind}.wgsl`,
    libraries: ['grid.wgsl', `${kind}-tile.wgsl`, 'winograd-product.wgsl'],
    constants: tile.constants,
    grid: (attributes) =>
      flatGrid(tileCount(tile, POSITIONS, tilesOf(attributes).tiles, attributes.filters), 1),
  };
  return {
    before: [
      transform(
        'conv2d-winograd-weights.wgsl',
        ['b-vec4.wgsl'],
        ({ channels, filters }) => (channels * filters) / 4,
      ),
      transform(
        'conv2d-winograd-image.wgsl',
        ['a-vec4.wgsl'],
        (attributes) => (tilesOf(attributes).tiles * attributes.channels) / 4,
      ),
      products,
    ],
    ...transform(
      'conv2d-winograd.wgsl',
      ['b-vec4.wgsl', 'epilogue.wgsl'],
      (attributes) => (tilesOf(attributes).tiles * attributes.filters) / 4,
    ),
    workspace(attributes) {
      const { channels, filters } = attributes;
      const { tiles } = tilesOf(attributes);
      return POSITIONS * (channels * filters + tiles * (channels + filters));
    },
    suits,
    supports: tileSupport(tile),
  };
}

export const winogradVariants = {
  winogradRegister8: winograd(REGISTER_TILES.register8),
  winogradTile128: winograd(WORKGROUP_TILES.tile128),
  winogradTile64: winograd(WORKGROUP_TILES.tile64),
};

/** Those that the tuner tries. */
export function winogradCandidates(traits: AdapterTraits): string[] {
  return usesRegisterTiles(traits) ? ['winogradRegister8'] : ['winogradTile128', 'winogradTile64'];
}
