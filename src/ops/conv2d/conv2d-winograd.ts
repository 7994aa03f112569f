/**
 * Which convolutions the SIMD module computes by Winograd's F(4x4, 3x3) (src/device/cpu/simd/winograd.ts), forward and
 * for both gradients: 36 multiplications where the formula has 144.
 *
 * The choice follows from the geometry alone: it is the same in every run, on every processor, with any number of
 * threads. Its units are fours of output rows, or blocks of channels, for the plain loops as well.
 */
import type { SimdPreparation } from '../../device/kernel.js';
import { simdArguments } from '../../device/simd-entry.js';
import type { Conv2dGeometry } from './conv2d-attributes.js';

/** Fewer channels or filters leave less to save than the transforms cost. */
const LEAST_CHANNELS = 16;
/** Transforming the weights costs as much as some positions save. */
const LEAST_POSITIONS = 64;

/** Multiples of this make the panels of both builds full. */
const WHOLE_PANELS = 8;

/** Rows and columns of outputs in a tile. */
const TILE_SIDE = 4;

/** Whether a 3x3 convolution with stride 1 is large enough; `height` and `width` are those of what is computed. */
function suits(geometry: Conv2dGeometry, height: number, width: number): boolean {
  const { batch, channels, filters, kernelHeight, kernelWidth, groups } = geometry;
  const { strideHeight, strideWidth, dilationHeight, dilationWidth } = geometry;
  return (
    kernelHeight === 3 &&
    kernelWidth === 3 &&
    [strideHeight, strideWidth, dilationHeight, dilationWidth, groups].every((one) => one === 1) &&
    [channels, filters].every((count) => count >= LEAST_CHANNELS && count % WHOLE_PANELS === 0) &&
    batch * height * width >= LEAST_POSITIONS
  );
}

/** Whether the forward convolution is Winograd's. */
export function isWinograd(geometry: Conv2dGeometry): boolean {
  return suits(geometry, geometry.outHeight, geometry.outWidth);
}

/** Whether the gradient with respect to the input is. */
export function isWinogradInputGradient(geometry: Conv2dGeometry): boolean {
  return suits(geometry, geometry.height, geometry.width);
}

/** Whether the gradient with respect to the weights is, its sum split after so many positions each. */
export function isWinogradWeightGradient(
  geometry: Conv2dGeometry & { readonly positionsPerSplit: number },
): boolean {
  return isWinograd(geometry) && geometry.positionsPerSplit % wholeTiles(geometry) === 0;
}

/** Positions whose multiples end where tiles end: some rows of tiles, or an image. */
export function wholeTiles({ outHeight, outWidth }: Conv2dGeometry): number {
  return (outHeight % TILE_SIDE === 0 ? TILE_SIDE : outHeight) * outWidth;
}

/**
 * How many tiles give outputs of this height and width, where they are so few that the products are prepared rather than
 * the transformed weights (device/cpu/simd/winograd-products.ts), which would take more memory; else 0.
 */
function fewTiles(batch: number, height: number, width: number, depth: number): number {
  const tiles = batch * Math.ceil(height / TILE_SIDE) * Math.ceil(width / TILE_SIDE);
  return tiles <= depth ? tiles : 0;
}

/** Units of a computation of `batch` images with `height` rows: rows of tiles, or rows. */
export function rowUnits(batch: number, height: number, winograd: boolean): number {
  return batch * (winograd ? Math.ceil(height / TILE_SIDE) : height);
}

/** The first row, counted through all images, that belongs to a unit or comes after the last. */
export function firstRowOf(unit: number, height: number, winograd: boolean): number {
  if (!winograd) return unit;
  const perImage = Math.ceil(height / TILE_SIDE);
  return Math.floor(unit / perImage) * height + (unit % perImage) * TILE_SIDE;
}

/** Channels of one unit of a weight gradient. */
export const GRADIENT_CHANNELS = 64;

/** Tiles at a time, their positions, and other sizes of device/cpu/simd/winograd.ts, winograd-products.ts and winograd-weight-gradient.ts. */
const TILES = 48;
const POSITIONS = 36;
const BLOCK_DEPTH = 256;
const ROW_BYTES = (BLOCK_DEPTH + 16) * 4;
const GAP_BYTES = 64;
const UNIT_DEPTHS = 16;
const UNIT_COLUMNS = 32;
const UNIT_DEPTH = 128;
const UNIT_TILES = 72;
const GRADIENT_FILTERS = 128;
const SUM_ROWS = 72;

/** Transformed pixels of so many tiles, a cache line of zeros, and a transform's scratch memory. */
function pixelsBytes(tiles: number): number {
  return POSITIONS * (tiles * ROW_BYTES + GAP_BYTES) + GAP_BYTES + POSITIONS * 64;
}

/** Scratch of one call that computes the gradient of weights with this many filters. */
export function winogradGradientWorkspaceBytes(filters: number): number {
  const panels = TILES * GRADIENT_FILTERS * 4 + GAP_BYTES;
  const sums = SUM_ROWS * (Math.min(GRADIENT_FILTERS, filters) * 4 + GAP_BYTES) + GAP_BYTES;
  return pixelsBytes(TILES) + POSITIONS * (panels + sums);
}

/** What Winograd's forward convolution and its input gradient need of their entries: they differ in this. */
interface WinogradForm {
  applies(geometry: Conv2dGeometry): boolean;
  /** For the input gradient, which goes from outputs and filters to images and channels. */
  readonly turned: boolean;
}

export const FORWARD: WinogradForm = { applies: isWinograd, turned: false };
export const INPUT_GRADIENT: WinogradForm = { applies: isWinogradInputGradient, turned: true };

/** The image that is read, what is computed of it, and the padding between them. */
function sizesOf({ turned }: WinogradForm, geometry: Conv2dGeometry) {
  const { batch, height, width, channels, filters, outHeight, outWidth, padTop, padLeft } = geometry;
  const image = { height, width, depth: channels };
  const output = { height: outHeight, width: outWidth, depth: filters };
  const from = turned ? output : image;
  const to = turned ? image : output;
  return {
    from,
    to,
    tiles: fewTiles(batch, to.height, to.width, from.depth),
    padTop: turned ? 2 - padTop : padTop,
    padLeft: turned ? 2 - padLeft : padLeft,
  };
}

/** The tiles whose products are prepared; 0 where the transformed weights are, or nothing. */
export function preparedTiles(form: WinogradForm, geometry: Conv2dGeometry): number {
  return form.applies(geometry) ? sizesOf(form, geometry).tiles : 0;
}

/** Scratch of one call, or of one that prepares products. */
export function winogradWorkspaceBytes(form: WinogradForm, geometry: Conv2dGeometry): number {
  const { to, tiles } = sizesOf(form, geometry);
  if (tiles === 0) return pixelsBytes(TILES) + POSITIONS * (TILES * (to.depth * 4 + GAP_BYTES) + GAP_BYTES);
  return pixelsBytes(UNIT_TILES) + POSITIONS * (UNIT_DEPTH * UNIT_COLUMNS * 4 + GAP_BYTES);
}

/** The transformed weights or the products, made by all threads before the first of them computes an output. */
export function winogradPreparation<A extends Conv2dGeometry>(form: WinogradForm): SimdPreparation<A> {
  return {
    entry: (attributes) => (sizesOf(form, attributes).tiles > 0 ? 'winogradProducts' : 'winogradWeights'),
    bytes(attributes) {
      if (!form.applies(attributes)) return 0;
      const { from, to, tiles } = sizesOf(form, attributes);
      const blocks = Math.ceil(from.depth / BLOCK_DEPTH);
      if (tiles === 0) return POSITIONS * (from.depth * to.depth * 4 + blocks * GAP_BYTES);
      return POSITIONS * (Math.ceil(tiles / 12) * 12 * (to.depth * 4 + GAP_BYTES) + GAP_BYTES);
    },
    units(attributes) {
      const { from, to, tiles } = sizesOf(form, attributes);
      if (tiles === 0) return Math.ceil(from.depth / UNIT_DEPTHS);
      return Math.ceil(tiles / UNIT_TILES) * Math.ceil(to.depth / UNIT_COLUMNS);
    },
    arguments(attributes, pointers, prepared, begin, end) {
      const { channels, filters } = attributes;
      const { from, to, tiles, padTop, padLeft } = sizesOf(form, attributes);
      const { turned } = form;
      const [x, w] = pointers;
      if (tiles === 0) {
        return simdArguments('winogradWeights', {
          w,
          panels: prepared,
          begin,
          end,
          channels,
          filters,
          turned,
        });
      }
      return simdArguments('winogradProducts', {
        x,
        w,
        products: prepared,
        workspace: pointers.at(-1)!,
        begin,
        end,
        height: from.height,
        width: from.width,
        channels,
        filters,
        outHeight: to.height,
        outWidth: to.width,
        padTop,
        padLeft,
        tilesTotal: tiles,
        turned,
      });
    },
  };
}
