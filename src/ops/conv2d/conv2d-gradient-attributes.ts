/**
 * The two gradients of a convolution y = conv2d(x, w), in the geometry of conv2d-attributes.ts.
 *
 *     dx[b, h, x, c]  = sum over f and taps (r, s) that reach (h, x) of dy[b, p, q, f] w[r, s, c, f]
 *     dw[r, s, c, f]  = sum over b, p, q of x[b, h(p, r), w(q, s), c] dy[b, p, q, f]
 *
 * where h(p, r) = p * strideHeight - padTop + r * dilationHeight, and so for the width.
 */
import { type Conv2dGeometry, isDepthwise } from './conv2d-attributes.js';
import { isWinograd, wholeTiles } from './conv2d-winograd.js';

/** Operands: dy, w, dx. */
export type Conv2dInputGradientAttributes = Conv2dGeometry;

/**
 * Operands: x, dy, partials [splits, kernelHeight, kernelWidth, channels / groups, filters].
 *
 * The reduction is long and its result small, so it is cut: split i sums the output positions (b, p, q, flat)
 * from i * positionsPerSplit on, in order; a second launch adds the splits. The cut follows from the geometry
 * alone, so that every device adds in the same order; for Winograd's transforms it is between tiles.
 */
export interface Conv2dWeightGradientAttributes extends Conv2dGeometry {
  readonly splits: number;
  readonly positionsPerSplit: number;
}

/** Tiles of this many weights by filters are what one workgroup of a GPU computes. */
const TILE = 64;
/** Weights that a workgroup computes where every channel is a group of its own. */
const DEPTHWISE_TILE = 256;
/** Workgroups that keep a large GPU busy. */
const WANTED_GROUPS = 256;
/** Fewer positions than this are not worth a split. */
const LEAST_POSITIONS = 512;

/** The cut of a weight gradient's reduction. */
export function weightGradientSplits(
  geometry: Conv2dGeometry,
): Pick<Conv2dWeightGradientAttributes, 'splits' | 'positionsPerSplit'> {
  const { batch, outHeight, outWidth, channels, filters, groups, kernelHeight, kernelWidth } = geometry;
  const positions = batch * outHeight * outWidth;
  const weights = kernelHeight * kernelWidth * (channels / groups);
  const tiles = isDepthwise(geometry)
    ? Math.ceil((weights * channels) / DEPTHWISE_TILE)
    : groups * Math.ceil(weights / TILE) * Math.ceil(filters / groups / TILE);
  const wanted = Math.min(Math.ceil(WANTED_GROUPS / tiles), Math.ceil(positions / LEAST_POSITIONS));
  const whole = isWinograd(geometry) ? wholeTiles(geometry) : 1;
  const positionsPerSplit = Math.ceil(positions / Math.max(1, wanted) / whole) * whole;
  return { splits: Math.ceil(positions / positionsPerSplit), positionsPerSplit };
}
