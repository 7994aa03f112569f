/** L = mean of (prediction - target)^2 over all elements; its gradient follows from the parts. */
import type { Scalar, TensorLike } from '../../tensor/tensor.js';
import { mean } from '../reduce/mean.js';
import { square } from '../pointwise/square.js';
import { subtract } from '../pointwise/subtract.js';
import { expectSameShape } from './reduction.js';

/** The mean squared error of two float32 tensors of one shape. */
export function meanSquaredError(prediction: TensorLike, target: TensorLike): Scalar {
  expectSameShape('meanSquaredError', ['prediction', prediction.shape], ['target', target.shape]);
  return mean(square(subtract(prediction, target)));
}
