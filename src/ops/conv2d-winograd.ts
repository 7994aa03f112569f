/**
 * Which convolutions the SIMD module computes by Winograd's F(2x2, 3x3) (src/device/cpu/simd/winograd.ts), forward and
 * for the gradient with respect to the input: 16 multiplications where the formula has 36.
 *
 * The choice follows from the geometry alone: it is the same in every run, on every processor, with any number of
 * threads. Its units are pairs of output rows, for the plain loops as well.
 */
import type { SimdPreparation } from '../device/kernel.js';
import type { Conv2dGeometry } from './conv2d-attributes.js';

/** Fewer channels or filters leave less to save than the transforms cost. */
const LEAST_CHANNELS = 16;
/** Transforming the weights costs as much as some positions save. */
const LEAST_POSITIONS = 64;

/** Multiples of this make the panels of both builds full. */
const WHOLE_PANELS = 8;

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

/** Units of a computation of `batch` images with `height` rows: rows of tiles, or rows. */
export function rowUnits(batch: number, height: number, winograd: boolean): number {
  return batch * (winograd ? Math.ceil(height / 2) : height);
}

/** The first row, counted through all images, that belongs to a unit or comes after the last. */
export function firstRowOf(unit: number, height: number, winograd: boolean): number {
  if (!winograd) return unit;
  const perImage = Math.ceil(height / 2);
  return Math.floor(unit / perImage) * height + (unit % perImage) * 2;
}

/** Tiles at a time, their positions, and other sizes of simd/winograd.ts. */
const TILES = 72;
const POSITIONS = 16;
const BLOCK_DEPTH = 256;
const ROW_BYTES = (BLOCK_DEPTH + 16) * 4;
const ADDRESS_BYTES = 64;
const GAP_BYTES = 64;
const UNIT_DEPTHS = 16;

/** Scratch of one call that computes this many channels. */
export function winogradWorkspaceBytes(columns: number): number {
  const pixels = (POSITIONS * TILES + 1) * ROW_BYTES + ADDRESS_BYTES;
  return pixels + POSITIONS * TILES * (columns * 4 + GAP_BYTES);
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
