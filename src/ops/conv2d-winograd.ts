/**
 * Which convolutions the SIMD module computes by Winograd's F(4x4, 3x3) (src/device/cpu/simd/winograd.ts), forward and
 * for both gradients: 36 multiplications where the formula has 144.
 *
 * The choice follows from the geometry alone: it is the same in every run, on every processor, with any number of
 * threads. Its units are fours of output rows, or blocks of channels, for the plain loops as well.
 */
import type { SimdPreparation } from '../device/kernel.js';
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

/** Whether the gradient with respect to the weights is, its sum cut into parts of this many positions. */
export function isWinogradWeightGradient(
  geometry: Conv2dGeometry & { readonly positionsPerSplit: number },
): boolean {
  return isWinograd(geometry) && geometry.positionsPerSplit % wholeTiles(geometry) === 0;
}

/** Positions whose multiples end where tiles end: some rows of tiles, or an image. */
export function wholeTiles({ outHeight, outWidth }: Conv2dGeometry): number {
  return (outHeight % TILE_SIDE === 0 ? TILE_SIDE : outHeight) * outWidth;
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

/** Tiles at a time, their positions, and other sizes of simd/winograd.ts and simd/winograd-weight-gradient.ts. */
const TILES = 48;
const POSITIONS = 36;
const BLOCK_DEPTH = 256;
const ROW_BYTES = (BLOCK_DEPTH + 16) * 4;
const GAP_BYTES = 64;
const UNIT_DEPTHS = 16;
const GRADIENT_FILTERS = 128;
const SUM_ROWS = 72;

/** Transformed pixels, a cache line of zeros, and a transform's scratch memory. */
const PIXELS_BYTES = POSITIONS * (TILES * ROW_BYTES + GAP_BYTES) + GAP_BYTES + POSITIONS * 64;

/** Scratch of one call that computes this many channels. */
export function winogradWorkspaceBytes(columns: number): number {
  return PIXELS_BYTES + POSITIONS * (TILES * (columns * 4 + GAP_BYTES) + GAP_BYTES);
}

/** Scratch of one call that computes the gradient of weights with this many filters. */
export function winogradGradientWorkspaceBytes(filters: number): number {
  const panels = TILES * GRADIENT_FILTERS * 4 + GAP_BYTES;
  const sums = SUM_ROWS * (Math.min(GRADIENT_FILTERS, filters) * 4 + GAP_BYTES) + GAP_BYTES;
  return PIXELS_BYTES + POSITIONS * (panels + sums);
}

/** The transformed weights, made by all threads before the first of them computes a row. */
export function winogradPreparation<A extends Conv2dGeometry>(
  applies: (attributes: A) => boolean,
  turned: boolean,
): SimdPreparation<A> {
  const depthOf = ({ channels, filters }: A) => (turned ? filters : channels);
  return {
    entry: 'winogradWeights',
    bytes(attributes) {
      if (!applies(attributes)) return 0;
      const blocks = Math.ceil(depthOf(attributes) / BLOCK_DEPTH);
      return POSITIONS * (attributes.channels * attributes.filters * 4 + blocks * GAP_BYTES);
    },
    units: (attributes) => Math.ceil(depthOf(attributes) / UNIT_DEPTHS),
    arguments: ({ channels, filters }, [, w], prepared, begin, end) => [
      ...[w, prepared, begin, end],
      ...[channels, filters, Number(turned)],
    ],
  };
}
