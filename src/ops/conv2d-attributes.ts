import type { Epilogue } from './epilogue.js';

/**
 * The geometry of a convolution: x [batch, height, width, channels] (NHWC), w [kernelHeight, kernelWidth,
 * channels / groups, filters] (HWIO), y [batch, outHeight, outWidth, filters].
 *
 *     y[b, p, q, f] = sum over r, s, c of
 *       x[b, p * strideHeight - padTop + r * dilationHeight, q * strideWidth - padLeft + s * dilationWidth, c]
 *       * w[r, s, c, f]
 *
 * where x is zero outside. Padding may be asymmetric: bottom and right only show in outHeight and outWidth.
 * Group g reads channels g * channels / groups onwards and writes filters g * filters / groups onwards.
 */
export interface Conv2dGeometry {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly filters: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly groups: number;
}

/** Whether each channel is a group of its own with one filter: kernels have variants for that. */
export function isDepthwise({ channels, filters, groups }: Conv2dGeometry): boolean {
  return groups > 1 && groups === channels && groups === filters;
}

/** Operands of the forward kernel: x, w, scale, shift, residual, out. */
export interface Conv2dAttributes extends Conv2dGeometry {
  readonly epilogue: Epilogue;
}
