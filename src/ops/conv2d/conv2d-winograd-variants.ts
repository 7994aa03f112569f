/**
 * A convolution, or its gradient with respect to the image, by Winograd's F(4x4, 3x3) on a GPU, in four passes: the weights
 * and the image are transformed, 36 matrix products multiplied in the transformed domain, and their results transformed
 * back. A product needs a quarter of the direct way's multiplications; what the passes hand on needs memory, and time where
 * that is slow. Software adapters take them by rule (`winogradByRule`); on GPUs `attune tune` finds where they win.
 *
 * The gradient is a convolution that reads dy and writes dx, from filters to channels, with the taps in reverse.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import { type AdapterTraits, canRun, type Pass, type Variant } from '../../device/kernel.js';
import type { Conv2dGeometry } from './conv2d-attributes.js';
import {
  type ProductTile,
  REGISTER_TILES,
  tileCount,
  tileSupport,
  usesRegisterTiles,
  WORKGROUP_TILES,
} from '../product/product-variants.js';
import { EPILOGUE_FILES } from '../core/epilogue.js';

/** Side of a tile of the output, and positions of its products. */
const TILE_SIDE = 4;
const POSITIONS = 36;

/** Files of the transforms' constants; those of products have some of the same words by other names. */
const CONSTANTS = ['conv2d-geometry.wgsl', 'winograd-constants.wgsl'];

/** What is computed: from how many channels, to how many, at how many places. */
interface Sizes {
  readonly from: number;
  readonly to: number;
  readonly height: number;
  readonly width: number;
}

/** What differs between the two. */
interface Form {
  sizes(geometry: Conv2dGeometry): Sizes;
  /** Place of the workspace's binding, after all others. */
  readonly workspace: number;
  /** Libraries of the passes, in their order; what reads the weights, the image, and stores the output. */
  readonly weights: readonly string[];
  readonly output: readonly string[];
}

const FORWARD: Form = {
  sizes: ({ channels, filters, outHeight, outWidth }) => ({
    from: channels,
    to: filters,
    height: outHeight,
    width: outWidth,
  }),
  workspace: 7,
  weights: ['b-vec4.wgsl', 'winograd-taps.wgsl'],
  output: ['b-vec4.wgsl', ...EPILOGUE_FILES],
};

const INPUT_GRADIENT: Form = {
  sizes: ({ channels, filters, height, width }) => ({ from: filters, to: channels, height, width }),
  workspace: 4,
  weights: ['gradient-scalar.wgsl', 'winograd-taps-turned.wgsl'],
  output: ['gradient-vec4.wgsl', 'input-gradient-finish.wgsl'],
};

function tilesOf({ sizes }: Form, geometry: Conv2dGeometry) {
  const { height, width } = sizes(geometry);
  const [down, across] = [Math.ceil(height / TILE_SIDE), Math.ceil(width / TILE_SIDE)];
  return { tiles: geometry.batch * down * across, down, across };
}

/** The words behind the geometry, as shaders/lib/winograd-constants.wgsl has them, and room: 64 bytes. */
export function winogradWords(geometry: Conv2dGeometry, epilogue: number): number[] {
  const { height, width, padTop, padLeft } = geometry;
  return wordsOf(FORWARD, geometry, { height, width, padTop, padLeft, epilogue });
}

/** Those of an input gradient: the paddings are what the turned taps need. */
export function winogradTurnedWords(geometry: Conv2dGeometry): number[] {
  const { outHeight: height, outWidth: width } = geometry;
  const padTop = Math.max(0, 2 - geometry.padTop);
  const padLeft = Math.max(0, 2 - geometry.padLeft);
  return wordsOf(INPUT_GRADIENT, geometry, { height, width, padTop, padLeft, epilogue: 0 });
}

/** The image that is read, and what is done with each result. */
interface Read {
  readonly height: number;
  readonly width: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly epilogue: number;
}

function wordsOf(form: Form, geometry: Conv2dGeometry, read: Read): number[] {
  const { from, to, height, width } = form.sizes(geometry);
  const { tiles, down, across } = tilesOf(form, geometry);
  const written = [height, width, read.padTop, read.padLeft, down, across];
  return [tiles, to, from, POSITIONS, read.epilogue, read.height, read.width, ...written, 0, 0, 0];
}

/** 3 x 3, without stride, dilation and groups; four neighbours at once. */
function suits(geometry: Conv2dGeometry): boolean {
  const { channels, filters, kernelHeight, kernelWidth, groups, padTop, padLeft } = geometry;
  const { strideHeight, strideWidth, dilationHeight, dilationWidth } = geometry;
  return (
    kernelHeight === 3 &&
    kernelWidth === 3 &&
    [strideHeight, strideWidth, dilationHeight, dilationWidth, groups].every((one) => one === 1) &&
    channels % 4 === 0 &&
    filters % 4 === 0 &&
    padTop <= 2 &&
    padLeft <= 2
  );
}

function winograd(form: Form, tile: ProductTile): Variant<Conv2dGeometry> {
  const kind = tile.lanes === undefined ? 'workgroup' : 'register';
  const WORKSPACE = form.workspace;
  /** A pass with an invocation for each of `count` fours of channels. */
  const transform = (
    file: string,
    libraries: readonly string[],
    count: (sizes: Sizes, tiles: number) => number,
  ): Pass<Conv2dGeometry> => ({
    file,
    libraries: ['grid.wgsl', ...CONSTANTS, 'winograd-workspace.wgsl', ...libraries],
    constants: { WORKGROUP: POINTWISE_WORKGROUP, WORKSPACE },
    grid: (geometry) =>
      flatGrid(count(form.sizes(geometry), tilesOf(form, geometry).tiles) / 4, POINTWISE_WORKGROUP),
  });
  const products: Pass<Conv2dGeometry> = {
    file: `product/matmul-${kind}.wgsl`,
    libraries: ['grid.wgsl', `${kind}-tile.wgsl`, 'conv2d-geometry.wgsl', 'winograd-product.wgsl'],
    constants: { ...tile.constants, WORKSPACE },
    grid: (geometry) =>
      flatGrid(tileCount(tile, POSITIONS, tilesOf(form, geometry).tiles, form.sizes(geometry).to), 1),
  };
  return {
    before: [
      transform('conv2d/conv2d-winograd-weights.wgsl', form.weights, ({ from, to }) => from * to),
      transform('conv2d/conv2d-winograd-image.wgsl', ['a-vec4.wgsl'], ({ from }, tiles) => tiles * from),
      products,
    ],
    ...transform('conv2d/conv2d-winograd.wgsl', form.output, ({ to }, tiles) => tiles * to),
    workspace(geometry) {
      const { from, to } = form.sizes(geometry);
      return POSITIONS * (from * to + tilesOf(form, geometry).tiles * (from + to));
    },
    suits,
    supports: tileSupport(tile),
  };
}

function variantsOf(form: Form) {
  return {
    winogradRegister8: winograd(form, REGISTER_TILES.register8),
    winogradTile128: winograd(form, WORKGROUP_TILES.tile128),
    winogradTile64: winograd(form, WORKGROUP_TILES.tile64),
  };
}

export const winogradVariants = variantsOf(FORWARD);
export const winogradInputGradientVariants = variantsOf(INPUT_GRADIENT);

/** Those that the tuner tries. */
export function winogradCandidates(traits: AdapterTraits): string[] {
  return usesRegisterTiles(traits) ? ['winogradRegister8'] : ['winogradTile128', 'winogradTile64'];
}

/** Below these the transforms, and compiling them, cost a software adapter more than the products clearly save. */
const LEAST_CHANNELS = 64;
const LEAST_TILES = 48;

/**
 * The variant that an adapter takes without having measured; null: none of these.
 *
 * Measured on llvmpipe (Mesa 25.0.7, two cores shared with other work), processor time as a share of that of `register8`,
 * forwards and backwards, medians:
 *
 *     images       1           2           8
 *     56x56x64     0.63 0.68   0.80 0.50   0.68 0.66
 *     28x28x128    0.65 0.61   0.67 0.55   0.59 0.50
 *     14x14x256    1.00 0.87   0.84 0.72   0.64 0.50
 *     7x7x512      2.95 3.16   1.91 1.40   0.89 0.76
 *
 * The number of tiles decides, as the weights are transformed anew for each launch: 0.84 at worst with 32, but for 7x7x512;
 * from 48 on 0.80. Fewer channels gain less, 0.7 to 1.06 with 16 or 32, and each direction's four more shaders take the
 * first step some 4 s to compile.
 */
function byRule(form: Form, variant: Variant<Conv2dGeometry>) {
  return (geometry: Conv2dGeometry, traits: AdapterTraits): 'winogradRegister8' | null => {
    const wins =
      usesRegisterTiles(traits) &&
      Math.min(geometry.channels, geometry.filters) >= LEAST_CHANNELS &&
      tilesOf(form, geometry).tiles >= LEAST_TILES;
    return wins && canRun(variant, geometry, traits) ? 'winogradRegister8' : null;
  };
}

export const winogradByRule = byRule(FORWARD, winogradVariants.winogradRegister8);
export const winogradInputGradientByRule = byRule(
  INPUT_GRADIENT,
  winogradInputGradientVariants.winogradRegister8,
);
