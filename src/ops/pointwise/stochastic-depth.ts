/**
 * Stochastic depth (Huang et al., "Deep networks with stochastic depth", ECCV 2016), as torchvision.ops.StochasticDepth
 * in its mode 'row': what a residual branch gives for an image is dropped as a whole with probability p, and divided by
 * 1 - p where it is kept, so that its expectation stays.
 *
 *     y[row] = 0 with probability p, else x[row] / (1 - p)
 *
 * The rows are those that dropout keeps of as many ones.
 */
import type { Generator } from '../../tensor/philox.js';
import { asTensor, type Tensor, type TensorLike } from '../../tensor/tensor.js';
import { ones } from '../core/constant.js';
import { dropout } from './dropout.js';
import { scaleRows } from './scale-rows.js';

/** `x` [rows, ...] with whole rows set to 0 with `probability`, in [0, 1). float32. `random` as for `dropout`. */
export function stochasticDepth(x: TensorLike, probability: number, random: Generator): Tensor {
  const tensor = asTensor(x);
  if (probability === 0) return tensor;
  return scaleRows(tensor, dropout(ones(tensor.shape.slice(0, 1)), probability, random));
}
