/**
 * Batch normalisation (Ioffe and Szegedy, 2015) with fixed statistics, over the last axis:
 *
 *     y = gamma (x - mean) / sqrt(variance + epsilon) + beta = x scale + shift
 *     scale = gamma / sqrt(variance + epsilon),    shift = beta - mean scale
 *
 * One small launch folds the four vectors into scale and shift; the second applies them, or becomes the epilogue
 * of the convolution before it (fusions.ts).
 *
 * Its gradient stands in batch-norm-gradient.ts.
 */
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import { float, type Kernel } from '../../device/kernel.js';
import { currentRecording } from '../../program/recording.js';
import { type Shape, shapeError, showShape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { batchNormGradients } from './batch-norm-gradient.js';
import { type Epilogue, epilogueBits, NO_EPILOGUE } from '../core/epilogue.js';
import { flatRange, flatUnits, flatVariant } from '../core/flat.js';
import { scaleShiftSimd } from '../pointwise/pointwise-simd.js';
import { emptyTensor } from '../core/strided-copy.js';

interface FoldAttributes {
  readonly count: number;
  readonly epsilon: number;
}

export const batchNormFoldKernel: Kernel<FoldAttributes> = {
  name: 'batchNormFold',
  bindings: [
    { name: 'gamma', access: 'read' },
    { name: 'beta', access: 'read' },
    { name: 'mean', access: 'read' },
    { name: 'variance', access: 'read' },
    { name: 'scale', access: 'write' },
    { name: 'shift', access: 'write' },
  ],
  shader: {
    variants: flatVariant<FoldAttributes>('norm/batch-norm-fold.wgsl', []),
    choose: () => 'flat',
    words: ({ count, epsilon }) => [count, float(epsilon)],
  },
  cpu: {
    units: flatUnits,
    run({
      attributes: { count, epsilon },
      operands: [gamma, beta, mean, variance, scale, shift],
      begin,
      end,
    }) {
      const [first, last] = flatRange(count, begin, end);
      for (let i = first; i < last; i++) {
        const factor = gamma[i] / Math.sqrt(variance[i] + epsilon);
        scale[i] = factor;
        shift[i] = beta[i] - mean[i] * factor;
      }
    },
  },
};

/** y = activation(x scale[channel] + shift[channel] + residual): an epilogue without a product before it. */
interface ScaleShiftAttributes {
  readonly count: number;
  readonly channels: number;
  readonly epilogue: Epilogue;
}

export const scaleShiftKernel: Kernel<ScaleShiftAttributes> = {
  name: 'scaleShift',
  bindings: [
    { name: 'x', access: 'read', half: true },
    { name: 'scale', access: 'read' },
    { name: 'shift', access: 'read' },
    { name: 'residual', access: 'read', optional: true, half: true },
    { name: 'y', access: 'write', half: true },
  ],
  shader: {
    variants: {
      flat: {
        file: 'norm/scale-shift.wgsl',
        libraries: ['grid.wgsl', 'is-nan.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ count }) => flatGrid(count, POINTWISE_WORKGROUP),
      },
    },
    choose: () => 'flat',
    words: ({ count, channels, epilogue }) => [count, channels, epilogueBits(epilogue)],
  },
  cpu: {
    units: flatUnits,
    run({ attributes, operands: [x, scale, shift, residual, y], begin, end }) {
      const { count, channels } = attributes;
      const { residual: hasResidual, activation } = attributes.epilogue;
      const [first, last] = flatRange(count, begin, end);
      const limit = activation === 'relu6' ? 6 : Number.POSITIVE_INFINITY;
      for (let i = first, channel = first % channels; i < last; i++) {
        let value = x[i] * scale[channel] + shift[channel];
        if (hasResidual) value += residual[i];
        // Written so that a NaN passes through.
        if (activation !== 'none') value = value < 0 ? 0 : value > limit ? limit : value;
        y[i] = value;
        channel = channel + 1 === channels ? 0 : channel + 1;
      }
    },
  },
  simd: scaleShiftSimd,
};

interface BatchNormAttributes {
  readonly epsilon: number;
}

/** Inputs: x, gamma, beta, mean, variance. */
export const batchNormOperation: Operation<BatchNormAttributes> = {
  name: 'batchNorm',
  shape({ epsilon }, inputs) {
    const [x, ...vectors] = inputs;
    if (!(epsilon > 0 && epsilon < 1))
      throw shapeError(
        'batchNorm',
        `epsilon ${epsilon} is not between 0 and 1`,
        'give a small number, as 1e-5',
      );
    for (const input of inputs) expectDtype('batchNorm', input, 'float32');
    const channels = x.shape.at(-1);
    for (const vector of vectors) {
      if (vector.shape.length !== 1 || vector.shape[0] !== channels) {
        throw shapeError(
          'batchNorm',
          `a vector of shape ${showShape(vector.shape)} does not fit ${channels} channels`,
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
    const operands = [gamma, beta, mean, variance, scale, shift].map((tensor) => tensor.storage);
    currentRecording().launch(batchNormFoldKernel, { count: channels, epsilon }, operands);
    return scaleShift(x, scale, shift, shape);
  },
  gradient({ attributes: { epsilon }, inputs: [x, gamma, , mean, variance], gradient, wanted }) {
    const call = { x, gamma, mean, variance, epsilon, gradient, fixed: true, wantsInput: wanted[0] };
    const { dx, dgamma, dbeta } = batchNormGradients(call);
    return [dx, dgamma, dbeta, null, null];
  },
};

const SCALE_SHIFT: Epilogue = { ...NO_EPILOGUE, scale: true, shift: true };

/** x scale + shift along the last axis: what both kinds of batch norm end with. */
export function scaleShift(x: Tensor, scale: Tensor, shift: Tensor, shape: Shape): Tensor {
  const attributes: ScaleShiftAttributes = { count: x.length, channels: scale.length, epilogue: SCALE_SHIFT };
  return emit(scaleShiftKernel, attributes, [x, scale, shift, null], shape);
}

/** The four vectors of a batch norm, one number per channel each. */
export interface BatchNormVectors {
  readonly gamma: TensorLike;
  readonly beta: TensorLike;
  readonly mean: TensorLike;
  readonly variance: TensorLike;
}

const NAMES: OptionNames<BatchNormVectors> = { gamma: true, beta: true, mean: true, variance: true };

/**
 * x [..., channels] normalised by fixed statistics; the vectors are [channels]. float32. Statistics are
 * constants: no gradient reaches them. Throws AttuneError 'usage' for vectors of another name.
 */
export function batchNorm(x: TensorLike, vectors: BatchNormVectors, epsilon = 1e-5): Tensor {
  refuseUnknownOptions(vectors, NAMES, 'batchNorm');
  const { gamma, beta, mean, variance } = vectors;
  return apply(batchNormOperation, { epsilon }, [x, gamma, beta, mean, variance]);
}
