/**
 * Root mean square normalisation (Zhang and Sennrich, 2019): y = scale x / sqrt(1/n sum x^2 + epsilon) along rows. A layer
 * norm without the mean; kernels and gradient are those of layer-norm.ts.
 */
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply } from '../core/apply.js';
import { rowNormOperation } from './layer-norm.js';

/** The distance of 1 from the next float32: what torch.nn.RMSNorm adds where nothing is said. */
const EPSILON = 2 ** -23;

export const rmsNormOperation = rowNormOperation('rmsNorm', false);

/** What a root mean square norm adds to the mean of squares. */
export interface RmsNormOptions {
  /** Added to the mean of squares; at least 0 and below 1. Default 2^-23, as PyTorch; Llama's networks have 1e-5 or 1e-6. */
  readonly epsilon?: number;
}

const NAMES: OptionNames<RmsNormOptions> = { epsilon: true };

/**
 * Rows of x, each divided by the root of the mean of its squares, times `scale`, which may be absent or null. A row is the
 * last axis of x, or as many of its last axes as scale has. float32; the result has the shape of x. Throws AttuneError
 * 'shape' where they do not fit, 'usage' for an unknown option.
 */
export function rmsNorm(
  x: TensorLike,
  scale: TensorLike | null = null,
  options: RmsNormOptions = {},
): Tensor {
  refuseUnknownOptions(options, NAMES, 'rmsNorm');
  const settings = { epsilon: options.epsilon ?? EPSILON, scaled: scale !== null, shifted: false };
  return apply(rmsNormOperation, settings, scale === null ? [x] : [x, scale]);
}
