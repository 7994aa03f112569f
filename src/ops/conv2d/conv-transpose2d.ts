/**
 * Transposed convolution: every element of x adds the weights, times itself, to a window of y.
 *
 *     y[b, i, j, f] = sum over c and taps (r, s) of x[b, p, q, c] w[r, s, f, c]
 *     where i = p strideHeight - padTop + r dilationHeight, and so for j
 *
 * That is the gradient of a convolution with respect to its image: of conv2d from y to x with the same weights, whose
 * filters are the channels here. So it runs on that kernel, and its own gradients are that convolution, and the gradient of
 * its weights.
 */
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { shapeError, showShape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { NO_EPILOGUE } from '../core/epilogue.js';
import type { Conv2dGeometry } from './conv2d-attributes.js';
import { conv2dInputGradientKernel } from './conv2d-input-gradient-kernel.js';
import { conv2dKernel } from './conv2d-kernel.js';
import { weightGradient } from './conv2d.js';
import { type Pair, type Padding, pairOf, paddingOf, transposedSize } from './window.js';

/** How the windows of a transposed convolution lie in its result. */
export interface ConvTranspose2dOptions {
  /** Step between windows: one number, or [height, width]. Default 1. */
  readonly stride?: number | Pair;
  /** What is cut off around the result: one number, [height, width], or { top, bottom, left, right }. Default 0. */
  readonly padding?: number | Pair | Padding;
  /**
   * Rows and columns more at the bottom and right, fewer than the stride or the dilation: which of the sizes that a
   * convolution with this stride makes one is meant. Default 0.
   */
  readonly outputPadding?: number | Pair;
  /** Step between the taps of a window. Default 1. */
  readonly dilation?: number | Pair;
  /** Channels and filters are split into this many independent groups. Default 1. */
  readonly groups?: number;
}

export const CONV_TRANSPOSE2D_NAMES: OptionNames<ConvTranspose2dOptions> = {
  stride: true,
  padding: true,
  outputPadding: true,
  dilation: true,
  groups: true,
};

interface ConvTranspose2dAttributes {
  readonly stride: Pair;
  readonly padding: Padding;
  readonly outputPadding: Pair;
  readonly dilation: Pair;
  readonly groups: number;
}

/** The convolution from y to x: its image is the result here. */
function geometry(attributes: ConvTranspose2dAttributes, x: Tensor, w: Tensor): Conv2dGeometry {
  const { stride, padding, outputPadding, dilation, groups } = attributes;
  const fits =
    x.shape.length === 4 &&
    w.shape.length === 4 &&
    Number.isInteger(groups) &&
    groups >= 1 &&
    x.shape[3] === w.shape[3] &&
    w.shape[3] % groups === 0;
  if (!fits) {
    throw shapeError(
      'convTranspose2d',
      `weights ${showShape(w.shape)} with ${groups} group(s) do not fit images ${showShape(x.shape)}`,
      'images are [batch, height, width, channels], weights [height, width, filters / groups, channels]',
    );
  }
  const [batch, outHeight, outWidth, channels] = x.shape;
  const [kernelHeight, kernelWidth, groupFilters] = w.shape;
  const { top, bottom, left, right } = padding;
  const vertical = { padding: top + bottom, outputPadding: outputPadding[0], dilation: dilation[0] };
  const horizontal = { padding: left + right, outputPadding: outputPadding[1], dilation: dilation[1] };
  return {
    batch,
    height: transposedSize('convTranspose2d', outHeight, kernelHeight, stride[0], vertical),
    width: transposedSize('convTranspose2d', outWidth, kernelWidth, stride[1], horizontal),
    channels: groupFilters * groups,
    filters: channels,
    kernelHeight,
    kernelWidth,
    outHeight,
    outWidth,
    strideHeight: stride[0],
    strideWidth: stride[1],
    padTop: top,
    padLeft: left,
    dilationHeight: dilation[0],
    dilationWidth: dilation[1],
    groups,
  };
}

export const convTranspose2dOperation: Operation<ConvTranspose2dAttributes> = {
  name: 'convTranspose2d',
  shape(attributes, [x, w]) {
    expectDtype('convTranspose2d', x, 'float32', 'image');
    expectDtype('convTranspose2d', w, 'float32', 'weights');
    const { batch, height, width, channels } = geometry(attributes, x, w);
    return [batch, height, width, channels];
  },
  forward: (attributes, [x, w], shape) =>
    emit(conv2dInputGradientKernel, geometry(attributes, x, w), [x, w], shape),
  gradient({ attributes, inputs: [x, w], gradient, wanted }) {
    const sizes = geometry(attributes, x, w);
    const convolution = { epilogue: NO_EPILOGUE, ...sizes };
    return [
      wanted[0] ? emit(conv2dKernel, convolution, [gradient, w, null, null, null], x.shape) : null,
      wanted[1] ? weightGradient(sizes, gradient, x, w.shape) : null,
    ];
  },
};

/**
 * Images x [batch, height, width, channels] with weights w [height, width, filters / groups, channels]:
 * [batch, outHeight, outWidth, filters], where outHeight is (height - 1) stride - padding + dilation (kernel - 1) +
 * outputPadding + 1, and so for the width. The result has its filters group by group. float32. Throws AttuneError 'shape'
 * when they do not fit, 'usage' for an unknown option.
 */
export function convTranspose2d(x: TensorLike, w: TensorLike, options: ConvTranspose2dOptions = {}): Tensor {
  refuseUnknownOptions(options, CONV_TRANSPOSE2D_NAMES, 'convTranspose2d');
  const attributes = {
    stride: pairOf(options.stride ?? 1),
    padding: paddingOf(options.padding),
    outputPadding: pairOf(options.outputPadding ?? 0),
    dilation: pairOf(options.dilation ?? 1),
    groups: options.groups ?? 1,
  };
  return apply(convTranspose2dOperation, attributes, [x, w]);
}
