/** L = mean of (prediction - target)^2 over all elements; its gradient follows from the parts. */
import { shapeError, sameShape, showShape } from '../../tensor/shape.js';
import type { Scalar, TensorLike } from '../../tensor/tensor.js';
import { mean } from '../reduce/mean.js';
import { square } from '../pointwise/square.js';
import { subtract } from '../pointwise/subtract.js';

/** The mean squared error of two float32 tensors of one shape. */
export function meanSquaredError(prediction: TensorLike, target: TensorLike): Scalar {
  if (!sameShape(prediction.shape, target.shape)) {
    throw shapeError(
      'meanSquaredError',
      `prediction ${showShape(prediction.shape)} and target ${showShape(target.shape)} differ in shape`,
    );
  }
  return mean(square(subtract(prediction, target)));
}
