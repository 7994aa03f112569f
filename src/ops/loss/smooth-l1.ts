/**
 * Losses of a difference d = prediction - target that are square near 0 and straight further off:
 *
 *     smooth L1 (Girshick, 2015):  d^2 / (2 beta) where |d| < beta,  else |d| - beta / 2
 *     Huber (1964):                d^2 / 2 where |d| < delta,        else delta (|d| - delta / 2)
 *
 * With c = min(|d|, beta) both halves are c c / (2 beta) + |d| - c, whose gradient follows from the parts: d / beta, or the
 * sign of d, at infinities, too, and 0 at d = 0. Huber's is the same times delta.
 */
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { shapeError } from '../../tensor/shape.js';
import type { Scalar, Tensor, TensorLike } from '../../tensor/tensor.js';
import { abs } from '../pointwise/abs.js';
import { add } from '../pointwise/add.js';
import { minimum } from '../pointwise/minimum.js';
import { multiply } from '../pointwise/multiply.js';
import { subtract } from '../pointwise/subtract.js';
import { expectSameShape, type LossReduction, reduceLosses } from './reduction.js';

/** Where the square ends, and what becomes of the losses. */
export interface SmoothL1Options {
  /** The |d| at which the square meets the line, at least 0; 0: the line alone, |d|. Default 1. */
  readonly beta?: number;
  /** Default 'mean'. */
  readonly reduction?: LossReduction;
}

/** Where the square ends, and what becomes of the losses. */
export interface HuberOptions {
  /** The |d| at which the square meets the line, which is its slope; above 0. Default 1. */
  readonly delta?: number;
  /** Default 'mean'. */
  readonly reduction?: LossReduction;
}

const SMOOTH_L1_NAMES: OptionNames<SmoothL1Options> = { beta: true, reduction: true };
const HUBER_NAMES: OptionNames<HuberOptions> = { delta: true, reduction: true };

/**
 * The smooth L1 loss of two float32 tensors of one shape: its mean, sum, or that of every element. Throws AttuneError 'shape'
 * where shapes differ or beta is negative or not finite, 'usage' for an unknown option.
 */
export function smoothL1(
  prediction: TensorLike,
  target: TensorLike,
  options?: SmoothL1Options & { readonly reduction?: 'mean' | 'sum' },
): Scalar;
export function smoothL1(prediction: TensorLike, target: TensorLike, options?: SmoothL1Options): Tensor;
export function smoothL1(prediction: TensorLike, target: TensorLike, options: SmoothL1Options = {}): Tensor {
  refuseUnknownOptions(options, SMOOTH_L1_NAMES, 'smoothL1');
  const { beta = 1, reduction } = options;
  if (!(beta >= 0 && beta < Number.POSITIVE_INFINITY))
    throw shapeError(
      'smoothL1',
      `beta ${beta} is not a finite number of at least 0`,
      'give the distance at which the square ends; 0 leaves the line alone',
    );
  const distance = distanceOf('smoothL1', prediction, target);
  const losses = beta === 0 ? distance : squareThenLine(distance, beta, 1);
  return reduceLosses('smoothL1', losses, reduction);
}

/**
 * Huber's loss of two float32 tensors of one shape: its mean, sum, or that of every element. Throws AttuneError 'shape' where
 * shapes differ or delta is not above 0 or not finite, 'usage' for an unknown option.
 */
export function huber(
  prediction: TensorLike,
  target: TensorLike,
  options?: HuberOptions & { readonly reduction?: 'mean' | 'sum' },
): Scalar;
export function huber(prediction: TensorLike, target: TensorLike, options?: HuberOptions): Tensor;
export function huber(prediction: TensorLike, target: TensorLike, options: HuberOptions = {}): Tensor {
  refuseUnknownOptions(options, HUBER_NAMES, 'huber');
  const { delta = 1, reduction } = options;
  if (!(delta > 0 && delta < Number.POSITIVE_INFINITY))
    throw shapeError(
      'huber',
      `delta ${delta} is not a finite number above 0`,
      'give the distance at which the square ends',
    );
  const losses = squareThenLine(distanceOf('huber', prediction, target), delta, delta);
  return reduceLosses('huber', losses, reduction);
}

/** |prediction - target|. */
function distanceOf(operation: string, prediction: TensorLike, target: TensorLike): Tensor {
  expectSameShape(operation, ['prediction', prediction.shape], ['target', target.shape]);
  return abs(subtract(prediction, target));
}

/** A square up to `bend`, from there on a line of this slope in its direction. */
function squareThenLine(distance: Tensor, bend: number, slope: number): Tensor {
  const bent = minimum(distance, bend);
  const beyond = subtract(distance, bent);
  return add(
    multiply(bent, multiply(bent, (0.5 * slope) / bend)),
    slope === 1 ? beyond : multiply(beyond, slope),
  );
}
