/**
 * Batch normalisation in training (Ioffe and Szegedy, 2015), over the last axis, with the batch's own statistics:
 *
 *     mean = 1/n sum x,   variance = 1/n sum (x - mean)^2,   inverse = 1 / sqrt(variance + epsilon)
 *     y = gamma (x - mean) inverse + beta
 *
 * Its gradient goes through the statistics too: see batch-norm-gradient.ts.
 *
 * A residual and a ReLU behind it join its last launch, and the ReLU's mask joins its gradient (fusions.ts).
 */
import { currentRecording } from '../../program/recording.js';
import { shapeError, showShape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import { asTensor, type Tensor, type TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { batchNormFoldKernel, scaleShift } from './batch-norm.js';
import { batchNormGradients } from './batch-norm-gradient.js';
import { batchMomentsCombineKernel, batchMomentsKernel, sliced } from './batch-norm-training-kernels.js';
import { emptyTensor } from '../core/strided-copy.js';

export interface BatchMoments {
  /** [channels]. */
  readonly mean: Tensor;
  /** [channels], biased: divided by n. */
  readonly variance: Tensor;
  /** n: how many elements of a channel there are. */
  readonly rows: number;
}

/** Mean and biased variance of each channel of x [..., channels]. No gradient of their own; see batchNormTraining. */
export function batchMoments(x: TensorLike): BatchMoments {
  const tensor = asTensor(x);
  expectDtype('batchMoments', tensor, 'float32');
  const channels = tensor.shape.at(-1) ?? 0;
  const rows = channels === 0 ? 0 : tensor.length / channels;
  if (rows < 2) {
    throw shapeError(
      'batchNorm',
      `a batch of shape ${showShape(tensor.shape)} has one value per channel, so it has no variance`,
      'train with larger batches or images, or freeze the batch norm',
    );
  }
  const attributes = sliced(rows, channels);
  const partials = emit(batchMomentsKernel, attributes, [tensor], [2, attributes.slices, channels]);
  const mean = emptyTensor([channels], 'float32');
  const variance = emptyTensor([channels], 'float32');
  currentRecording().launch(batchMomentsCombineKernel, attributes, [
    partials.storage,
    mean.storage,
    variance.storage,
  ]);
  return { mean, variance, rows };
}

interface BatchNormTrainingAttributes {
  readonly epsilon: number;
}

/** Inputs: x, gamma, beta, mean, variance; the last two are x's own moments. */
export const batchNormTrainingOperation: Operation<BatchNormTrainingAttributes> = {
  name: 'batchNormTraining',
  shape(_, inputs) {
    const [x, ...vectors] = inputs;
    for (const input of inputs) expectDtype('batchNorm', input, 'float32');
    for (const vector of vectors) {
      if (vector.shape.length !== 1 || vector.shape[0] !== x.shape.at(-1)) {
        throw shapeError(
          'batchNorm',
          `a vector of shape ${showShape(vector.shape)} does not fit images ${showShape(x.shape)}`,
          'each has one element for each channel, the last axis',
        );
      }
    }
    return x.shape;
  },
  forward({ epsilon }, [x, gamma, beta, mean, variance], shape) {
    const channels = gamma.length;
    const scale = emptyTensor([channels], 'float32');
    const shift = emptyTensor([channels], 'float32');
    const operands = [gamma, beta, mean, variance, scale, shift].map(({ storage }) => storage);
    currentRecording().launch(batchNormFoldKernel, { count: channels, epsilon }, operands);
    return scaleShift(x, scale, shift, shape);
  },
  gradient({ attributes: { epsilon }, inputs: [x, gamma, , mean, variance], gradient, wanted }) {
    const call = { x, gamma, mean, variance, epsilon, gradient, fixed: false, wantsInput: wanted[0] };
    const { dx, dgamma, dbeta } = batchNormGradients(call);
    return [dx, dgamma, dbeta, null, null];
  },
};

/** x [..., channels] normalised by its own moments, scaled by gamma and shifted by beta [channels]. float32. */
export function batchNormTraining(
  x: TensorLike,
  { gamma, beta }: { readonly gamma: TensorLike; readonly beta: TensorLike },
  moments: BatchMoments,
  epsilon = 1e-5,
): Tensor {
  return apply(batchNormTrainingOperation, { epsilon }, [x, gamma, beta, moments.mean, moments.variance]);
}
