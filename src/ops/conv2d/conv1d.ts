/**
 * Convolution of sequences: that of images of one row (conv2d.ts), whose reshapes share memory with the sequences.
 *
 *     y[b, p, f] = sum over s, c of x[b, p stride - before + s dilation, c] w[s, c, f]
 */
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { type Shape, shapeError, showShape } from '../../tensor/shape.js';
import { asTensor, type Tensor, type TensorLike } from '../../tensor/tensor.js';
import { reshape } from '../shape/reshape.js';
import { conv2d, type Conv2dOptions } from './conv2d.js';
import { outputSize, type Padding } from './window.js';

/** Zeros before and behind a sequence. */
export type SequencePadding = readonly [before: number, behind: number];

/** How the filters of a convolution move along the sequence. */
export interface Conv1dOptions {
  /** Step between windows. Default 1. */
  readonly stride?: number;
  /**
   * Zeros around the sequence: one number, [before, behind], or as many as TensorFlow adds for 'same': ceil(length / stride)
   * outputs, an odd zero behind. Default 0.
   */
  readonly padding?: number | SequencePadding | 'same';
  /** Step between the taps of a window. Default 1. */
  readonly dilation?: number;
  /** Channels and filters are split into this many independent groups. Default 1. */
  readonly groups?: number;
}

export const CONV1D_NAMES: OptionNames<Conv1dOptions> = {
  stride: true,
  padding: true,
  dilation: true,
  groups: true,
};

/** The padding of an image of one row. Throws unless both sides are whole numbers of at least 0. */
export function rowPadding(operation: string, padding: number | SequencePadding = 0): Padding {
  const [left, right] = Array.isArray(padding) ? (padding as SequencePadding) : [padding, padding];
  if ([left, right].every((side) => Number.isInteger(side) && (side as number) >= 0))
    return { top: 0, bottom: 0, left: left as number, right: right as number };
  throw shapeError(
    operation,
    `padding of ${left} before and ${right} behind is not of whole numbers of at least 0`,
    'cut a sequence shorter with slice',
  );
}

/** Throws unless the sizes of a sequence [batch, length, channels] and of its weights go together. */
export function requireSequences(
  operation: string,
  x: Shape,
  w: Shape,
  groups: number,
  { channels, layout }: { readonly channels: number; readonly layout: string },
): void {
  const whole = Number.isInteger(groups) && groups >= 1;
  if (x.length === 3 && w.length === 3 && whole && x[2] === channels && w[2] % groups === 0) return;
  throw shapeError(
    operation,
    `weights ${showShape(w)} with ${groups} group(s) do not fit sequences ${showShape(x)}`,
    `sequences are [batch, length, channels], weights ${layout}`,
  );
}

/** Sequences, or weights of sequences, with a row of their own. */
export function asRow(x: Tensor, before: number): Tensor {
  return reshape(x, [...x.shape.slice(0, before), 1, ...x.shape.slice(before)]);
}

/** Images of one row as sequences. */
export function asSequences(y: Tensor): Tensor {
  const [batch, , length, filters] = y.shape;
  return reshape(y, [batch, length, filters]);
}

/**
 * Sequences x [batch, length, channels] with weights w [length, channels / groups, filters]: [batch, outLength, filters].
 * float32. Throws AttuneError 'shape' when they do not fit, 'usage' for an unknown option.
 */
export function conv1d(x: TensorLike, w: TensorLike, options: Conv1dOptions = {}): Tensor {
  refuseUnknownOptions(options, CONV1D_NAMES, 'conv1d');
  const { stride = 1, padding, dilation = 1, groups = 1 } = options;
  requireSequences('conv1d', x.shape, w.shape, groups, {
    channels: w.shape[1] * groups,
    layout: '[length, channels / groups, filters]',
  });
  const sides = padding === 'same' ? padding : rowPadding('conv1d', padding);
  // conv2d would tell of images. As 'same' a window always fits.
  const around = sides === 'same' ? dilation * w.shape[0] : sides.left + sides.right;
  outputSize('conv1d', x.shape[1], w.shape[0], stride, { padding: around, dilation });
  const movement: Conv2dOptions = { stride: [1, stride], padding: sides, dilation: [1, dilation], groups };
  return asSequences(conv2d(asRow(asTensor(x), 1), asRow(asTensor(w), 0), movement));
}
