/**
 * Softmax and cross-entropy in one: for row i with logits x, target probabilities t and T = sum of t,
 *
 *     loss_i = sum over j of t_j (ln sum e^(x - m) - (x_j - m)),        dloss_i / dx_j = T softmax(x)_j - t_j
 *
 * m being the row's largest logit, which is taken away first: m + ln sum would lose digits where it is large. Targets
 * are class indices or probabilities.
 *
 * Label smoothing s mixes targets with the uniform distribution over C classes (Szegedy et al., 2016, as PyTorch computes
 * it):
 *
 *     t' = (1 - s) t + s / C
 *
 * Labels from host data are checked; a label computed on the device that is no class makes its row NaN, so that
 * it cannot pass unseen.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import { float, type Kernel } from '../../device/kernel.js';
import { AttuneError } from '../../errors.js';
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { sameShape, shapeError, showShape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import { asTensor, type Scalar, type Tensor, type TensorLike } from '../../tensor/tensor.js';
import { add } from '../pointwise/add.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { CPU_ROWS, type RowAttributes, rowsOf } from '../reduce/argmax.js';
import { assertInside } from '../shape/gather.js';
import { log } from '../pointwise/log.js';
import { maximum } from '../pointwise/maximum.js';
import { mean } from '../reduce/mean.js';
import { multiply } from '../pointwise/multiply.js';
import { negate } from '../pointwise/negate.js';
import { oneHot, oneHotAt } from '../shape/one-hot.js';
import { rowStatistics } from '../norm/softmax.js';
import { sum } from '../reduce/sum.js';

interface CrossEntropyAttributes extends RowAttributes {
  readonly smoothing: number;
  /** Class indices (int32) rather than probabilities. */
  readonly labels: boolean;
}

const words = ({ rows, columns, smoothing, labels }: CrossEntropyAttributes) => [
  rows,
  columns,
  float(smoothing),
  labels ? 1 : 0,
  // WGSL has no NaN literal: it travels as data.
  float(Number.NaN),
];

/** The target of row `row`, class `j`, after smoothing; NaN where the label is no class. */
function targetAt(
  { columns, smoothing, labels }: CrossEntropyAttributes,
  indices: ArrayLike<number>,
  targets: ArrayLike<number>,
  row: number,
  j: number,
): number {
  const plain = labels ? oneHotAt(indices[row], j, columns) : targets[row * columns + j];
  return (1 - smoothing) * plain + smoothing / columns;
}

/** The sum of the row's targets after smoothing. */
function rowTotal(
  { columns, smoothing, labels }: CrossEntropyAttributes,
  targets: ArrayLike<number>,
  row: number,
): number {
  if (labels) return 1;
  let total = 0;
  for (let j = 0; j < columns; j++) total += targets[row * columns + j];
  return (1 - smoothing) * total + smoothing;
}

export const crossEntropyKernel: Kernel<CrossEntropyAttributes> = {
  name: 'crossEntropy',
  bindings: [
    { name: 'logits', access: 'read' },
    { name: 'labels', access: 'read', optional: true },
    { name: 'targets', access: 'read', optional: true },
    { name: 'losses', access: 'write' },
  ],
  shader: {
    variants: {
      row: {
        file: 'loss/cross-entropy.wgsl',
        libraries: ['grid.wgsl', 'is-nan.wgsl', 'cross-entropy-target.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ rows }) => flatGrid(rows, POINTWISE_WORKGROUP),
      },
    },
    choose: () => 'row',
    words,
  },
  cpu: {
    units: ({ rows }) => Math.ceil(rows / CPU_ROWS),
    run({ attributes, operands: [x, indices, targets, losses], begin, end }) {
      const { rows, columns } = attributes;
      const last = Math.min(rows, end * CPU_ROWS);
      for (let row = begin * CPU_ROWS; row < last; row++) {
        const { largest, total } = rowStatistics(x, row * columns, columns);
        const logarithmOfTotal = Math.log(total);
        let loss = 0;
        for (let j = 0; j < columns; j++) {
          const target = targetAt(attributes, indices, targets, row, j);
          // A class that is not asked for may be impossible: its logit minus infinity.
          if (target !== 0) loss += target * (logarithmOfTotal - (x[row * columns + j] - largest));
        }
        losses[row] = loss;
      }
    },
  },
};

export const crossEntropyGradientKernel: Kernel<CrossEntropyAttributes> = {
  name: 'crossEntropyGradient',
  bindings: [
    { name: 'logits', access: 'read' },
    { name: 'labels', access: 'read', optional: true },
    { name: 'targets', access: 'read', optional: true },
    { name: 'dlosses', access: 'read' },
    { name: 'dlogits', access: 'write' },
  ],
  shader: {
    variants: {
      row: {
        file: 'loss/cross-entropy-gradient.wgsl',
        libraries: ['grid.wgsl', 'is-nan.wgsl', 'cross-entropy-target.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ rows }) => flatGrid(rows, POINTWISE_WORKGROUP),
      },
    },
    choose: () => 'row',
    words,
  },
  cpu: {
    units: ({ rows }) => Math.ceil(rows / CPU_ROWS),
    run({ attributes, operands: [x, indices, targets, dlosses, dlogits], begin, end }) {
      const { rows, columns } = attributes;
      const last = Math.min(rows, end * CPU_ROWS);
      for (let row = begin * CPU_ROWS; row < last; row++) {
        const start = row * columns;
        const { largest, total } = rowStatistics(x, start, columns);
        const targetTotal = rowTotal(attributes, targets, row);
        for (let j = 0; j < columns; j++) {
          const probability = Math.exp(x[start + j] - largest) / total;
          const target = targetAt(attributes, indices, targets, row, j);
          dlogits[start + j] = (targetTotal * probability - target) * dlosses[row];
        }
      }
    },
  },
};

/** Losses [rows] of logits [rows, classes] against labels [rows] (int32) or targets [rows, classes]. */
export const crossEntropyOperation: Operation<{ readonly smoothing: number }> = {
  name: 'crossEntropy',
  shape({ smoothing }, [logits, target]) {
    expectDtype('crossEntropy', logits, 'float32', 'logits');
    if (logits.shape.length !== 2) {
      throw shapeError(
        'crossEntropy',
        `logits have shape ${showShape(logits.shape)}; [rows, classes] is expected`,
      );
    }
    if (!(smoothing >= 0 && smoothing < 1)) {
      throw shapeError('crossEntropy', `label smoothing ${smoothing} is not in [0, 1)`);
    }
    const [rows, classes] = logits.shape;
    const expected = target.dtype === 'int32' ? [rows] : logits.shape;
    if (!sameShape(target.shape, expected)) {
      throw shapeError(
        'crossEntropy',
        `targets of dtype ${target.dtype} have shape ${showShape(target.shape)}; ${showShape(expected)} is expected`,
        'class indices are int32 [rows], probabilities float32 [rows, classes]',
      );
    }
    if (target.dtype === 'int32') assertInside('crossEntropy', target, classes);
    else expectDtype('crossEntropy', target, 'float32', 'targets');
    return [rows];
  },
  forward({ smoothing }, [logits, target], shape) {
    const labels = target.dtype === 'int32';
    const attributes = { smoothing, labels, ...rowsOf('crossEntropy', logits) };
    return emit(
      crossEntropyKernel,
      attributes,
      [logits, labels ? target : null, labels ? null : target],
      shape,
    );
  },
  gradient({ attributes: { smoothing }, inputs: [logits, target], gradient, wanted }) {
    if (wanted[1]) {
      throw new AttuneError({
        code: 'program',
        what: 'cross-entropy has no gradient with respect to its targets',
        hint: 'compute it from logSoftmax, multiply and sum',
      });
    }
    const labels = target.dtype === 'int32';
    const rows = rowsOf('crossEntropy', logits);
    const attributes = { smoothing, labels, ...rows };
    const operands = [logits, labels ? target : null, labels ? null : target, gradient];
    return [emit(crossEntropyGradientKernel, attributes, operands, logits.shape), null];
  },
};

/** What the first operand holds, and how targets are softened. */
export interface CrossEntropyOptions {
  /** Share of the target that is spread evenly over the classes; in [0, 1), default 0. */
  readonly labelSmoothing?: number;
  /** False: the first operand holds probabilities, as in L = -sum y ln(p). Default true. */
  readonly fromLogits?: boolean;
}

const NAMES: OptionNames<CrossEntropyOptions> = { labelSmoothing: true, fromLogits: true };

/** Probabilities are kept at least this far from 0 before taking their logarithm, as Keras does. */
const SMALLEST_PROBABILITY = 1e-7;

/**
 * The mean cross-entropy of a batch. `logits` [rows, classes] float32; `target` class indices int32 [rows] or
 * probabilities float32 [rows, classes]. Throws AttuneError 'shape' when they do not fit, 'usage' for an unknown option.
 */
export function crossEntropy(
  logits: TensorLike,
  target: TensorLike,
  options: CrossEntropyOptions = {},
): Scalar {
  refuseUnknownOptions(options, NAMES, 'crossEntropy');
  const smoothing = options.labelSmoothing ?? 0;
  if (options.fromLogits === false)
    return mean(crossEntropyOfProbabilities(asTensor(logits), asTensor(target), smoothing));
  return mean(crossEntropyLosses(logits, target, smoothing));
}

/** The cross-entropy of each row: shape [rows]. Operands as for `crossEntropy`. */
export function crossEntropyLosses(logits: TensorLike, target: TensorLike, labelSmoothing = 0): Tensor {
  return apply(crossEntropyOperation, { smoothing: labelSmoothing }, [logits, target]);
}

/** -sum over j of t_j ln(p_j) for each row. */
function crossEntropyOfProbabilities(probabilities: Tensor, target: Tensor, smoothing: number): Tensor {
  // The same operands as from logits, so that nothing broadcasts that was not meant to.
  crossEntropyOperation.shape({ smoothing }, [probabilities, target]);
  const classes = probabilities.shape[1];
  const plain = target.dtype === 'int32' ? oneHot(target, classes) : target;
  const smoothed = smoothing === 0 ? plain : add(multiply(plain, 1 - smoothing), smoothing / classes);
  return negate(sum(multiply(smoothed, log(maximum(probabilities, SMALLEST_PROBABILITY))), -1));
}
