/**
 * Batch normalisation (Ioffe and Szegedy, 2015) with fixed statistics, over the last axis:
 *
 *     y = gamma (x - mean) / sqrt(variance + epsilon) + beta = x scale + shift
 *     scale = gamma / sqrt(variance + epsilon),    shift = beta - mean scale
 *
 * One small launch folds the four vectors into scale and shift; the second applies them, or becomes the epilogue
 * of the convolution before it (fusions.ts).
 *
 * dL/dx = scale dL/dy;  dL/dbeta = sum dL/dy;  dL/dgamma = sum dL/dy (x - mean) / sqrt(variance + epsilon).
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../device/grid.js';
import { float, type Kernel } from '../device/kernel.js';
import { currentRecording } from '../program/recording.js';
import { shapeError, showShape } from '../tensor/shape.js';
import type { Operation } from '../tensor/tape.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { add } from './add.js';
import { apply, emit, expectDtype } from './apply.js';
import { divide } from './divide.js';
import { multiply } from './multiply.js';
import { flatRange, flatUnits, flatVariant } from './pointwise.js';
import { sqrt } from './sqrt.js';
import { emptyTensor } from './strided-copy.js';
import { subtract } from './subtract.js';
import { sumTo } from './sum.js';

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
    variants: flatVariant<FoldAttributes>('batch-norm-fold.wgsl', []),
    choose: () => 'flat',
    words: ({ count, epsilon }) => [count, float(epsilon)],
  },
  cpu: {
    units: flatUnits,
    run({ attributes: { count, epsilon }, operands: [gamma, beta, mean, variance, scale, shift], begin, end }) {
      const [first, last] = flatRange(count, begin, end);
      for (let i = first; i < last; i++) {
        const factor = gamma[i] / Math.sqrt(variance[i] + epsilon);
        scale[i] = factor;
        shift[i] = beta[i] - mean[i] * factor;
      }
    },
  },
};

interface ScaleShiftAttributes {
  readonly count: number;
  readonly channels: number;
}

export const scaleShiftKernel: Kernel<ScaleShiftAttributes> = {
  name: 'scaleShift',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'scale', access: 'read' },
    { name: 'shift', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  shader: {
    variants: {
      flat: {
        file: 'scale-shift.wgsl',
        libraries: ['grid.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ count }) => flatGrid(count, POINTWISE_WORKGROUP),
      },
    },
    choose: () => 'flat',
    words: ({ count, channels }) => [count, channels],
  },
  cpu: {
    units: flatUnits,
    run({ attributes: { count, channels }, operands: [x, scale, shift, y], begin, end }) {
      const [first, last] = flatRange(count, begin, end);
      for (let i = first; i < last; i++) y[i] = x[i] * scale[i % channels] + shift[i % channels];
    },
  },
};

interface BatchNormAttributes {
  readonly epsilon: number;
}

/** Inputs: x, gamma, beta, mean, variance. */
export const batchNormOperation: Operation<BatchNormAttributes> = {
  name: 'batchNorm',
  shape({ epsilon }, inputs) {
    const [x, ...vectors] = inputs;
    if (!(epsilon > 0 && epsilon < 1)) throw shapeError('batchNorm', `epsilon ${epsilon} is not between 0 and 1`);
    for (const input of inputs) expectDtype('batchNorm', input, 'float32');
    const channels = x.shape.at(-1);
    for (const vector of vectors) {
      if (vector.shape.length !== 1 || vector.shape[0] !== channels) {
        throw shapeError('batchNorm', `a vector of shape ${showShape(vector.shape)} does not fit ${channels} channels`);
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
    return emit(scaleShiftKernel, { count: x.length, channels }, [x, scale, shift], shape);
  },
  gradient({ attributes: { epsilon }, inputs: [x, gamma, , mean, variance], gradient, wanted }) {
    const deviation = sqrt(add(variance, epsilon));
    return [
      wanted[0] ? multiply(gradient, divide(gamma, deviation)) : null,
      wanted[1] ? divide(sumTo(multiply(gradient, subtract(x, mean)), gamma.shape), deviation) : null,
      wanted[2] ? sumTo(gradient, gamma.shape) : null,
      null,
      null,
    ];
  },
};

export interface BatchNormVectors {
  readonly gamma: TensorLike;
  readonly beta: TensorLike;
  readonly mean: TensorLike;
  readonly variance: TensorLike;
}

/**
 * x [..., channels] normalised by fixed statistics; the vectors are [channels]. float32. Statistics are
 * constants: no gradient reaches them.
 */
export function batchNorm(x: TensorLike, vectors: BatchNormVectors, epsilon = 1e-5): Tensor {
  const { gamma, beta, mean, variance } = vectors;
  return apply(batchNormOperation, { epsilon }, [x, gamma, beta, mean, variance]);
}
