/**
 * The gradient of batch norm, with the batch's statistics or with fixed ones. Over the n rows of a channel, with
 * inverse = 1 / sqrt(variance + epsilon):
 *
 *     dbeta = sum dy,   dgamma = inverse sum dy (x - mean)
 *     batch's:  dx = gamma inverse (dy - dbeta / n - (x - mean) inverse dgamma / n)
 *     fixed:    dx = gamma inverse dy
 *
 * Three launches: sums over slices of rows, their combination with the coefficients of dx, and dx.
 */
import { currentRecording } from '../../program/recording.js';
import type { Tensor } from '../../tensor/tensor.js';
import { emit } from '../core/apply.js';
import {
  batchNormGradientApplyKernel,
  batchNormGradientCombineKernel,
  batchNormGradientSumsKernel,
  sliced,
} from './batch-norm-training-kernels.js';
import { emptyTensor } from '../core/strided-copy.js';

export interface BatchNormGradientCall {
  readonly x: Tensor;
  readonly gamma: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly epsilon: number;
  /** dy. */
  readonly gradient: Tensor;
  /** Whether mean and variance are constants rather than x's own. */
  readonly fixed: boolean;
  readonly wantsInput: boolean;
}

export interface BatchNormGradients {
  readonly dx: Tensor | null;
  readonly dgamma: Tensor;
  readonly dbeta: Tensor;
}

export function batchNormGradients(call: BatchNormGradientCall): BatchNormGradients {
  const { x, gamma, mean, variance, epsilon, gradient, fixed, wantsInput } = call;
  const channels = gamma.length;
  const slices = sliced(x.length / channels, channels);
  const sums = { masked: false, ...slices };
  const partials = emit(
    batchNormGradientSumsKernel,
    sums,
    [x, gradient, mean, null],
    [2, slices.slices, channels],
  );
  const [dgamma, dbeta] = [emptyTensor([channels], 'float32'), emptyTensor([channels], 'float32')];
  const coefficients = emptyTensor([4, channels], 'float32');
  const operands = [partials, gamma, mean, variance, dgamma, dbeta, coefficients].map(
    ({ storage }) => storage,
  );
  currentRecording().launch(batchNormGradientCombineKernel, { epsilon, fixed, ...slices }, operands);
  if (!wantsInput) return { dx: null, dgamma, dbeta };
  const attributes = { rows: slices.rows, channels, count: x.length, masked: false };
  return {
    dx: emit(batchNormGradientApplyKernel, attributes, [x, gradient, coefficients, null], x.shape),
    dgamma,
    dbeta,
  };
}
