/**
 * Two-dimensional convolution (cross-correlation, as in every deep-learning library); formula and layout stand
 * in conv2d-attributes.ts, those of its gradients in conv2d-gradient-attributes.ts.
 */
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { type Shape, shapeError, showShape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import type { Conv2dGeometry } from './conv2d-attributes.js';
import { weightGradientSplits } from './conv2d-gradient-attributes.js';
import { conv2dInputGradientKernel } from './conv2d-input-gradient-kernel.js';
import { conv2dKernel } from './conv2d-kernel.js';
import { conv2dWeightGradientKernel } from './conv2d-weight-gradient-kernel.js';
import { NO_EPILOGUE } from '../core/epilogue.js';
import { reduceAxes } from '../core/reduce.js';
import { reshape } from '../shape/reshape.js';
import { outputSize, type Pair, type Padding, pairOf, paddingOf, samePadding } from './window.js';

/** How the filters of a convolution move over the image. */
export interface Conv2dOptions {
  /** Step between windows: one number, or [height, width]. Default 1. */
  readonly stride?: number | Pair;
  /**
   * Zeros around the image: one number, [height, width], { top, bottom, left, right }, or as many as TensorFlow adds for
   * 'same': ceil(size / stride) outputs, an odd zero at the bottom and right. Default 0.
   */
  readonly padding?: number | Pair | Padding | 'same';
  /** Step between the taps of a window. Default 1. */
  readonly dilation?: number | Pair;
  /** Channels and filters are split into this many independent groups. Default 1. */
  readonly groups?: number;
}

export const CONV2D_NAMES: OptionNames<Conv2dOptions> = {
  stride: true,
  padding: true,
  dilation: true,
  groups: true,
};

interface Conv2dOperationAttributes {
  readonly stride: Pair;
  readonly padding: Padding | 'same';
  readonly dilation: Pair;
  readonly groups: number;
}

function geometry(attributes: Conv2dOperationAttributes, x: Tensor, w: Tensor): Conv2dGeometry {
  const { stride, dilation, groups } = attributes;
  const fits =
    x.shape.length === 4 &&
    w.shape.length === 4 &&
    Number.isInteger(groups) &&
    groups >= 1 &&
    x.shape[3] === w.shape[2] * groups &&
    w.shape[3] % groups === 0;
  if (!fits) {
    throw shapeError(
      'conv2d',
      `weights ${showShape(w.shape)} with ${groups} group(s) do not fit images ${showShape(x.shape)}`,
      'images are [batch, height, width, channels], weights [height, width, channels / groups, filters]',
    );
  }
  const [batch, height, width, channels] = x.shape;
  const [kernelHeight, kernelWidth, , filters] = w.shape;
  const padding = attributes.padding === 'same' ? paddingForSame(attributes, x, w) : attributes.padding;
  const vertical = { padding: padding.top + padding.bottom, dilation: dilation[0] };
  const horizontal = { padding: padding.left + padding.right, dilation: dilation[1] };
  return {
    batch,
    height,
    width,
    channels,
    filters,
    kernelHeight,
    kernelWidth,
    outHeight: outputSize('conv2d', height, kernelHeight, stride[0], vertical),
    outWidth: outputSize('conv2d', width, kernelWidth, stride[1], horizontal),
    strideHeight: stride[0],
    strideWidth: stride[1],
    padTop: padding.top,
    padLeft: padding.left,
    dilationHeight: dilation[0],
    dilationWidth: dilation[1],
    groups,
  };
}

function paddingForSame({ stride, dilation }: Conv2dOperationAttributes, x: Tensor, w: Tensor): Padding {
  const [, height, width] = x.shape;
  const [kernelHeight, kernelWidth] = w.shape;
  const [top, bottom] = samePadding(height, kernelHeight, stride[0], dilation[0]);
  const [left, right] = samePadding(width, kernelWidth, stride[1], dilation[1]);
  return { top, bottom, left, right };
}

/** One launch for the splits of the reduction, and one that adds them where there are several. */
export function weightGradient(sizes: Conv2dGeometry, x: Tensor, gradient: Tensor, shape: Shape): Tensor {
  const { splits, positionsPerSplit } = weightGradientSplits(sizes);
  const partials = emit(
    conv2dWeightGradientKernel,
    { splits, positionsPerSplit, ...sizes },
    [x, gradient],
    [splits, ...shape],
  );
  return reshape(splits > 1 ? reduceAxes(partials, [0], 'sum') : partials, shape);
}

export const conv2dOperation: Operation<Conv2dOperationAttributes> = {
  name: 'conv2d',
  shape(attributes, [x, w]) {
    expectDtype('conv2d', x, 'float32', 'image');
    expectDtype('conv2d', w, 'float32', 'weights');
    const { batch, outHeight, outWidth, filters } = geometry(attributes, x, w);
    return [batch, outHeight, outWidth, filters];
  },
  forward: (attributes, [x, w], shape) =>
    emit(
      conv2dKernel,
      { epilogue: NO_EPILOGUE, ...geometry(attributes, x, w) },
      [x, w, null, null, null],
      shape,
    ),
  gradient({ attributes, inputs: [x, w], gradient, wanted }) {
    const sizes = geometry(attributes, x, w);
    return [
      wanted[0] ? emit(conv2dInputGradientKernel, sizes, [gradient, w], x.shape) : null,
      wanted[1] ? weightGradient(sizes, x, gradient, w.shape) : null,
    ];
  },
};

/**
 * Images x [batch, height, width, channels] with weights w [height, width, channels / groups, filters]:
 * [batch, outHeight, outWidth, filters]. float32. Throws AttuneError 'shape' when they do not fit, 'usage' for an unknown
 * option.
 */
export function conv2d(x: TensorLike, w: TensorLike, options: Conv2dOptions = {}): Tensor {
  refuseUnknownOptions(options, CONV2D_NAMES, 'conv2d');
  const attributes = {
    stride: pairOf(options.stride ?? 1),
    padding: options.padding === 'same' ? options.padding : paddingOf(options.padding),
    dilation: pairOf(options.dilation ?? 1),
    groups: options.groups ?? 1,
  };
  return apply(conv2dOperation, attributes, [x, w]);
}
