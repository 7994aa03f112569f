/** Pooling: the largest element of sliding windows, or their mean, and the mean of a whole image per channel. */
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { shapeError, showShape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { broadcastTo } from '../shape/broadcast.js';
import {
  type AveragePool2dAttributes,
  averagePool2dGradientKernel,
  averagePool2dKernel,
} from './average-pool-kernels.js';
import { maxPool2dGradientKernel } from './max-pool-gradient-kernel.js';
import { multiply } from '../pointwise/multiply.js';
import { globalAveragePoolKernel, type PoolGeometry, maxPool2dKernel } from './pool-kernels.js';
import { reshape } from '../shape/reshape.js';
import { outputSize, type Pair, type Padding, paddingOf, pairOf } from '../conv2d/window.js';

/** The windows of a maximum pool. */
export interface MaxPool2dOptions {
  /** Size of the window: one number, or [height, width]. */
  readonly kernel: number | Pair;
  /** Step between windows. Default: the window's size. */
  readonly stride?: number | Pair;
  /**
   * Places around the image that never win, on each side fewer than the window spans there, as ONNX has it; PyTorch
   * takes at most half the window. Default 0.
   */
  readonly padding?: number | Pair | Padding;
}

export const MAX_POOL_NAMES: OptionNames<MaxPool2dOptions> = { kernel: true, stride: true, padding: true };

/** The windows of an average pool. */
export interface AveragePool2dOptions {
  /** Size of the window: one number, or [height, width]. */
  readonly kernel: number | Pair;
  /** Step between windows. Default: the window's size. */
  readonly stride?: number | Pair;
  /** Zeros around the image, on each side fewer than the window spans there; PyTorch takes at most half the window. Default 0. */
  readonly padding?: number | Pair | Padding;
  /** Whether the zeros count: then every sum is divided by the size of the window, else by its places inside. Default true. */
  readonly countIncludePad?: boolean;
}

export const AVERAGE_POOL_NAMES: OptionNames<AveragePool2dOptions> = {
  ...MAX_POOL_NAMES,
  countIncludePad: true,
};

interface Windows {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
}

interface AveragingWindows extends Windows {
  readonly countIncludePad: boolean;
}

function windowsOf({ kernel, stride, padding }: MaxPool2dOptions): Windows {
  const size = pairOf(kernel);
  return { kernel: size, stride: pairOf(stride ?? size), padding: paddingOf(padding) };
}

function imageSizes(operation: string, x: Tensor): readonly [number, number, number, number] {
  expectDtype(operation, x, 'float32');
  if (x.shape.length !== 4) {
    throw shapeError(
      operation,
      `images have shape ${showShape(x.shape)}; [batch, height, width, channels] is expected`,
      'reshape a single image to a batch of one',
    );
  }
  return x.shape as readonly number[] as readonly [number, number, number, number];
}

function geometry(operation: string, { kernel, stride, padding }: Windows, x: Tensor): PoolGeometry {
  const [batch, height, width, channels] = imageSizes(operation, x);
  // Else the first window, or the last, would have no place inside the image: nothing to be the largest or mean of.
  const { top, bottom, left, right } = padding;
  if (Math.max(top, bottom) >= kernel[0] || Math.max(left, right) >= kernel[1]) {
    throw shapeError(
      operation,
      `padding of top ${top}, bottom ${bottom}, left ${left}, right ${right} holds a whole window of [${kernel.join(', ')}]`,
      'give at most one less than the window on each side',
    );
  }
  const vertical = { padding: padding.top + padding.bottom, dilation: 1 };
  const horizontal = { padding: padding.left + padding.right, dilation: 1 };
  return {
    batch,
    height,
    width,
    channels,
    kernelHeight: kernel[0],
    kernelWidth: kernel[1],
    outHeight: outputSize(operation, height, kernel[0], stride[0], vertical),
    outWidth: outputSize(operation, width, kernel[1], stride[1], horizontal),
    strideHeight: stride[0],
    strideWidth: stride[1],
    padTop: padding.top,
    padLeft: padding.left,
  };
}

export const maxPool2dOperation: Operation<Windows> = {
  name: 'maxPool2d',
  shape(attributes, [x]) {
    const { batch, outHeight, outWidth, channels } = geometry('maxPool2d', attributes, x);
    return [batch, outHeight, outWidth, channels];
  },
  forward: (attributes, [x], shape) =>
    emit(maxPool2dKernel, geometry('maxPool2d', attributes, x), [x], shape),
  gradient: ({ attributes, inputs: [x], gradient }) => [
    emit(maxPool2dGradientKernel, geometry('maxPool2d', attributes, x), [x, gradient], x.shape),
  ],
};

function averaging(attributes: AveragingWindows, x: Tensor): AveragePool2dAttributes {
  const { countIncludePad } = attributes;
  return { countIncludePad, ...geometry('averagePool2d', attributes, x) };
}

export const averagePool2dOperation: Operation<AveragingWindows> = {
  name: 'averagePool2d',
  shape(attributes, [x]) {
    const { batch, outHeight, outWidth, channels } = geometry('averagePool2d', attributes, x);
    return [batch, outHeight, outWidth, channels];
  },
  forward: (attributes, [x], shape) => emit(averagePool2dKernel, averaging(attributes, x), [x], shape),
  gradient: ({ attributes, inputs: [x], gradient }) => [
    emit(averagePool2dGradientKernel, averaging(attributes, x), [gradient], x.shape),
  ],
};

export const globalAveragePoolOperation: Operation<null> = {
  name: 'globalAveragePool',
  shape(_, [x]) {
    const [batch, , , channels] = imageSizes('globalAveragePool', x);
    return [batch, channels];
  },
  forward(_, [x], shape) {
    const [batch, height, width, channels] = imageSizes('globalAveragePool', x);
    return emit(globalAveragePoolKernel, { batch, positions: height * width, channels }, [x], shape);
  },
  gradient({ inputs: [x], gradient }) {
    const [batch, height, width, channels] = imageSizes('globalAveragePool', x);
    const share = multiply(reshape(gradient, [batch, 1, 1, channels]), 1 / (height * width));
    return [broadcastTo(share, x.shape)];
  },
};

/**
 * The largest element of each window of x [batch, height, width, channels]. float32. Throws AttuneError 'shape' where no
 * window fits, and where padding on one side is as large as the window; 'usage' for an unknown option.
 */
export function maxPool2d(x: TensorLike, options: MaxPool2dOptions): Tensor {
  refuseUnknownOptions(options, MAX_POOL_NAMES, 'maxPool2d');
  return apply(maxPool2dOperation, windowsOf(options), [x]);
}

/**
 * The mean of each window of x [batch, height, width, channels]. float32. Throws AttuneError 'shape' where no window
 * fits, and where padding on one side is as large as the window; 'usage' for an unknown option.
 */
export function averagePool2d(x: TensorLike, options: AveragePool2dOptions): Tensor {
  refuseUnknownOptions(options, AVERAGE_POOL_NAMES, 'averagePool2d');
  const { countIncludePad = true } = options;
  return apply(averagePool2dOperation, { countIncludePad, ...windowsOf(options) }, [x]);
}

/** The mean over height and width: [batch, height, width, channels] to [batch, channels]. float32. */
export function globalAveragePool(x: TensorLike): Tensor {
  return apply(globalAveragePoolOperation, null, [x]);
}
