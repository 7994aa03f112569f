import { sizeClass } from '../../device/tuner.js';
import type { Epilogue } from '../core/epilogue.js';

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

/** `struct Geometry` of shaders/lib/conv2d-geometry.wgsl, with which the constants of every convolution begin. */
export function geometryWords(geometry: Conv2dGeometry): number[] {
  return [
    geometry.batch,
    geometry.height,
    geometry.width,
    geometry.channels,
    geometry.filters,
    geometry.kernelHeight,
    geometry.kernelWidth,
    geometry.outHeight,
    geometry.outWidth,
    geometry.strideHeight,
    geometry.strideWidth,
    geometry.padTop,
    geometry.padLeft,
    geometry.dilationHeight,
    geometry.dilationWidth,
    geometry.groups,
  ];
}

/** Whether each channel is a group of its own with one filter: kernels have variants for that. */
export function isDepthwise({ channels, filters, groups }: Conv2dGeometry): boolean {
  return groups > 1 && groups === channels && groups === filters;
}

/**
 * What launches of a convolution, or of one of its gradients, have in common that run the same variant fastest: all but
 * the number of places, which is rounded. Paddings do not count.
 * @param places of the image that is written or, for the weights, read
 */
export function geometryClass(geometry: Conv2dGeometry, places: number): string {
  const { channels, filters, groups, kernelHeight, kernelWidth } = geometry;
  const { strideHeight, strideWidth, dilationHeight, dilationWidth } = geometry;
  const dilated = dilationHeight * dilationWidth > 1 ? ` dilated ${dilationHeight}x${dilationWidth}` : '';
  return [
    `${kernelHeight}x${kernelWidth}/${strideHeight}x${strideWidth}${dilated}`,
    `${channels}>${filters}${groups > 1 ? ` in ${groups}` : ''}`,
    `at ${sizeClass(places)}`,
  ].join(' ');
}

/** Operands of the forward kernel: x, w, scale, shift, residual, out. */
export interface Conv2dAttributes extends Conv2dGeometry {
  readonly epilogue: Epilogue;
}
