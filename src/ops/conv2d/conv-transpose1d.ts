/** Transposed convolution of sequences: that of images of one row (conv-transpose2d.ts), as conv1d is of conv2d. */
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { asTensor, type Tensor, type TensorLike } from '../../tensor/tensor.js';
import { asRow, asSequences, requireSequences, rowPadding, type SequencePadding } from './conv1d.js';
import { convTranspose2d } from './conv-transpose2d.js';
import { transposedSize } from './window.js';

/** How the windows of a transposed convolution lie in its result. */
export interface ConvTranspose1dOptions {
  /** Step between windows. Default 1. */
  readonly stride?: number;
  /** What is cut off the result: one number, or [before, behind]. Default 0. */
  readonly padding?: number | SequencePadding;
  /**
   * Elements more behind, fewer than the stride or the dilation: which of the lengths that a convolution with this stride
   * makes one is meant. Default 0.
   */
  readonly outputPadding?: number;
  /** Step between the taps of a window. Default 1. */
  readonly dilation?: number;
  /** Channels and filters are split into this many independent groups. Default 1. */
  readonly groups?: number;
}

export const CONV_TRANSPOSE1D_NAMES: OptionNames<ConvTranspose1dOptions> = {
  stride: true,
  padding: true,
  outputPadding: true,
  dilation: true,
  groups: true,
};

/**
 * Sequences x [batch, length, channels] with weights w [length, filters / groups, channels]: [batch, outLength, filters],
 * where outLength is (length - 1) stride - padding + dilation (kernel - 1) + outputPadding + 1. float32. Throws
 * AttuneError 'shape' when they do not fit, 'usage' for an unknown option.
 */
export function convTranspose1d(x: TensorLike, w: TensorLike, options: ConvTranspose1dOptions = {}): Tensor {
  refuseUnknownOptions(options, CONV_TRANSPOSE1D_NAMES, 'convTranspose1d');
  const { stride = 1, outputPadding = 0, dilation = 1, groups = 1 } = options;
  requireSequences('convTranspose1d', x.shape, w.shape, groups, {
    channels: w.shape[2],
    layout: '[length, filters / groups, channels]',
  });
  const padding = rowPadding('convTranspose1d', options.padding);
  const along = { padding: padding.left + padding.right, outputPadding, dilation };
  // convTranspose2d would tell of images.
  transposedSize('convTranspose1d', x.shape[1], w.shape[0], stride, along);
  const y = convTranspose2d(asRow(asTensor(x), 1), asRow(asTensor(w), 0), {
    stride: [1, stride],
    padding,
    outputPadding: [0, outputPadding],
    dilation: [1, dilation],
    groups,
  });
  return asSequences(y);
}
