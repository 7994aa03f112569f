/**
 * How far a distribution q is from a target p: the sum of p (ln p - ln q), of Kullback and Leibler (1951). A model gives
 * ln q, as logSoftmax does; its gradient is -p.
 *
 * Where p is 0 the term is 0, the limit of p ln p. The logarithm is taken of at least SMALLEST, so that its product with 0
 * is none of infinity.
 */
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { shapeError, showShape } from '../../tensor/shape.js';
import type { Scalar, Tensor, TensorLike } from '../../tensor/tensor.js';
import { divide } from '../pointwise/divide.js';
import { exp } from '../pointwise/exp.js';
import { log } from '../pointwise/log.js';
import { maximum } from '../pointwise/maximum.js';
import { multiply } from '../pointwise/multiply.js';
import { subtract } from '../pointwise/subtract.js';
import { sum } from '../reduce/sum.js';
import { expectSameShape, type LossReduction, reduceLosses } from './reduction.js';

/** Whose product with its logarithm is 0 beside any other; a float32 with all of its digits. */
const SMALLEST = 1e-37;

/** How the target is given, and what becomes of the terms. */
export interface KlDivergenceOptions {
  /** The target is ln p, too. Default false: it is p. */
  readonly logTarget?: boolean;
  /** 'batchmean', the default: the sum over all elements divided by the size of the first axis, which is that of a batch. */
  readonly reduction?: LossReduction | 'batchmean';
}

const NAMES: OptionNames<KlDivergenceOptions> = { logTarget: true, reduction: true };

/**
 * The Kullback-Leibler divergence of the distributions ln q in `logInput` from the targets p, as PyTorch's kl_div: two
 * float32 tensors of one shape. Both have gradients; that of a target p of 0 is finite. Infinities give NaN: mask logits
 * with a large number. Throws AttuneError 'shape' where shapes differ or a batch is empty, 'usage' for an unknown option.
 */
export function klDivergence(
  logInput: TensorLike,
  target: TensorLike,
  options?: KlDivergenceOptions & { readonly reduction?: 'batchmean' | 'mean' | 'sum' },
): Scalar;
export function klDivergence(logInput: TensorLike, target: TensorLike, options?: KlDivergenceOptions): Tensor;
export function klDivergence(
  logInput: TensorLike,
  target: TensorLike,
  options: KlDivergenceOptions = {},
): Tensor {
  refuseUnknownOptions(options, NAMES, 'klDivergence');
  const { logTarget = false, reduction = 'batchmean' } = options;
  expectSameShape('klDivergence', ['input', logInput.shape], ['target', target.shape]);
  const [share, logarithm] = logTarget ? [exp(target), target] : [target, log(maximum(target, SMALLEST))];
  const terms = multiply(share, subtract(logarithm, logInput));
  return reduction === 'batchmean' ? meanOfBatch(terms) : reduceLosses('klDivergence', terms, reduction);
}

/** The sum over a batch, divided by how many are in it; a single number is one. */
function meanOfBatch(terms: Tensor): Tensor {
  const [size = 1] = terms.shape;
  if (size === 0) {
    throw shapeError(
      'klDivergence',
      `a batch of shape ${showShape(terms.shape)} has no mean`,
      'give at least one row',
    );
  }
  return divide(sum(terms), size);
}
