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
 * it cannot pass unseen. The one label that is to be ignored, if there is one, makes the loss of its row and the slopes of
 * its logits 0, whatever these are.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import { float, type Kernel } from '../../device/kernel.js';
import { AttuneError } from '../../errors.js';
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { sameShape, shapeError, showShape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import { asTensor, type Scalar, type Tensor, type TensorLike } from '../../tensor/tensor.js';
import { abs } from '../pointwise/abs.js';
import { add } from '../pointwise/add.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { cast } from '../pointwise/cast.js';
import { CPU_ROWS, type RowAttributes, rowsOf } from '../reduce/argmax.js';
import { divide } from '../pointwise/divide.js';
import { assertInside } from '../shape/gather.js';
import { log } from '../pointwise/log.js';
import { maximum } from '../pointwise/maximum.js';
import { mean } from '../reduce/mean.js';
import { minimum } from '../pointwise/minimum.js';
import { multiply } from '../pointwise/multiply.js';
import { negate } from '../pointwise/negate.js';
import { oneHot, oneHotAt } from '../shape/one-hot.js';
import { reshape } from '../shape/reshape.js';
import { rowStatistics } from '../norm/softmax.js';
import { subtract } from '../pointwise/subtract.js';
import { sum } from '../reduce/sum.js';

interface LossAttributes {
  readonly smoothing: number;
  /** The label whose rows take no part; null where every row does. */
  readonly ignoreIndex: number | null;
}

interface CrossEntropyAttributes extends RowAttributes, LossAttributes {
  /** Class indices (int32) rather than probabilities. */
  readonly labels: boolean;
}

const words = ({ rows, columns, smoothing, ignoreIndex, labels }: CrossEntropyAttributes) => [
  rows,
  columns,
  float(smoothing),
  labels ? 1 : 0,
  // WGSL has no NaN literal: it travels as data.
  float(Number.NaN),
  ignoreIndex === null ? 0 : 1,
  (ignoreIndex ?? 0) >>> 0,
];

/** Whether the row's label is the one to ignore, which it never is where targets are probabilities. */
function isIgnored({ ignoreIndex }: LossAttributes, indices: ArrayLike<number>, row: number): boolean {
  return ignoreIndex !== null && indices[row] === ignoreIndex;
}

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
        if (isIgnored(attributes, indices, row)) {
          losses[row] = 0;
          continue;
        }
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
        if (isIgnored(attributes, indices, row)) {
          dlogits.fill(0, start, start + columns);
          continue;
        }
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

/** Losses [...] of logits [..., classes] against labels [...] (int32) or targets [..., classes]. */
export const crossEntropyOperation: Operation<LossAttributes> = {
  name: 'crossEntropy',
  shape({ smoothing, ignoreIndex }, [logits, target]) {
    expectDtype('crossEntropy', logits, 'float32', 'logits');
    const { columns: classes } = rowsOf('crossEntropy', logits);
    if (!(smoothing >= 0 && smoothing < 1)) {
      throw shapeError(
        'crossEntropy',
        `label smoothing ${smoothing} is not in [0, 1)`,
        'give a share of at least 0 and below 1, as 0.1',
      );
    }
    const shape = logits.shape.slice(0, -1);
    const expected = target.dtype === 'int32' ? shape : logits.shape;
    if (!sameShape(target.shape, expected)) {
      throw shapeError(
        'crossEntropy',
        `targets of dtype ${target.dtype} have shape ${showShape(target.shape)}; ${showShape(expected)} is expected`,
        'class indices are int32 [...], probabilities float32 [..., classes]',
      );
    }
    if (target.dtype === 'int32') assertInside('crossEntropy', target, classes, false, ignoreIndex);
    else expectDtype('crossEntropy', target, 'float32', 'targets');
    if (ignoreIndex !== null) assertLabel(ignoreIndex, target);
    return shape;
  },
  forward({ smoothing, ignoreIndex }, [logits, target], shape) {
    const labels = target.dtype === 'int32';
    const attributes = { smoothing, ignoreIndex, labels, ...rowsOf('crossEntropy', logits) };
    return emit(
      crossEntropyKernel,
      attributes,
      [logits, labels ? target : null, labels ? null : target],
      shape,
    );
  },
  gradient({ attributes: { smoothing, ignoreIndex }, inputs: [logits, target], gradient, wanted }) {
    if (wanted[1]) {
      throw new AttuneError({
        code: 'program',
        what: 'cross-entropy has no gradient with respect to its targets',
        hint: 'compute it from logSoftmax, multiply and sum',
      });
    }
    const labels = target.dtype === 'int32';
    const rows = rowsOf('crossEntropy', logits);
    const attributes = { smoothing, ignoreIndex, labels, ...rows };
    const operands = [logits, labels ? target : null, labels ? null : target, gradient];
    return [emit(crossEntropyGradientKernel, attributes, operands, logits.shape), null];
  },
};

/** As float32, in which labels are compared, whole numbers are exact up to this one. */
const LARGEST_LABEL = 2 ** 24;

function assertLabel(ignoreIndex: number, target: Tensor): void {
  if (target.dtype !== 'int32') {
    throw shapeError(
      'crossEntropy',
      `ignoreIndex ${ignoreIndex} is given, and the targets are no class indices`,
      'class indices are int32 [...]',
    );
  }
  if (!Number.isInteger(ignoreIndex) || Math.abs(ignoreIndex) > LARGEST_LABEL) {
    throw shapeError('crossEntropy', `ignoreIndex ${ignoreIndex} is no label`, 'give a whole number: -100');
  }
}

/** What the first operand holds, how targets are softened, and which take no part. */
export interface CrossEntropyOptions {
  /** Share of the target that is spread evenly over the classes; in [0, 1), default 0. */
  readonly labelSmoothing?: number;
  /** False: the first operand holds probabilities, as in L = -sum y ln(p). Default true. */
  readonly fromLogits?: boolean;
  /**
   * The label of rows that take no part: their loss and their slopes are 0, and the mean is over the other rows, 0 where
   * there is none. Default: there is none. PyTorch's is -100; here a label that is no class is an error unless it is named.
   */
  readonly ignoreIndex?: number;
}

const NAMES: OptionNames<CrossEntropyOptions> = { labelSmoothing: true, fromLogits: true, ignoreIndex: true };

/** Probabilities are kept at least this far from 0 before taking their logarithm, as Keras does. */
const SMALLEST_PROBABILITY = 1e-7;

/**
 * The mean cross-entropy of a batch. `logits` [..., classes] float32; `target` class indices int32 [...] or
 * probabilities float32 [..., classes]. Throws AttuneError 'shape' when they do not fit, 'usage' for an unknown option and
 * for `ignoreIndex` with probabilities in place of logits.
 */
export function crossEntropy(
  logits: TensorLike,
  target: TensorLike,
  options: CrossEntropyOptions = {},
): Scalar {
  refuseUnknownOptions(options, NAMES, 'crossEntropy');
  const { labelSmoothing = 0, fromLogits = true, ignoreIndex } = options;
  if (fromLogits) {
    const losses = crossEntropyLosses(logits, target, labelSmoothing, ignoreIndex);
    return ignoreIndex === undefined ? mean(losses) : meanOfOthers(losses, target, ignoreIndex);
  }
  if (ignoreIndex !== undefined) {
    throw new AttuneError({
      code: 'usage',
      what: 'ignoreIndex is for logits, and fromLogits is false',
      where: 'crossEntropy',
      hint: 'give the logits before the softmax',
    });
  }
  return mean(crossEntropyOfProbabilities(asTensor(logits), asTensor(target), labelSmoothing));
}

/**
 * The cross-entropy of each row: shape [...]. Operands, and the label that is ignored, as for `crossEntropy`; the loss of a
 * row that is ignored is 0.
 */
export function crossEntropyLosses(
  logits: TensorLike,
  target: TensorLike,
  labelSmoothing = 0,
  ignoreIndex?: number,
): Tensor {
  const attributes = { smoothing: labelSmoothing, ignoreIndex: ignoreIndex ?? null };
  return apply(crossEntropyOperation, attributes, [logits, target]);
}

/** The mean of the losses, the ignored ones 0, over the rows that are not ignored. */
function meanOfOthers(losses: Tensor, labels: TensorLike, ignoreIndex: number): Scalar {
  // Labels are whole: the distance to another one is at least 1.
  const counted = minimum(abs(subtract(cast(labels), ignoreIndex)), 1);
  return divide(sum(losses), maximum(sum(counted), 1)) as Scalar;
}

/** -sum over j of t_j ln(p_j) for each row. */
function crossEntropyOfProbabilities(probabilities: Tensor, target: Tensor, smoothing: number): Tensor {
  // The same operands as from logits, so that nothing broadcasts that was not meant to.
  crossEntropyOperation.shape({ smoothing, ignoreIndex: null }, [probabilities, target]);
  const { rows, columns: classes } = rowsOf('crossEntropy', probabilities);
  const plain =
    target.dtype === 'int32'
      ? reshape(oneHot(reshape(target, [rows]), classes), probabilities.shape)
      : target;
  const smoothed = smoothing === 0 ? plain : add(multiply(plain, 1 - smoothing), smoothing / classes);
  return negate(sum(multiply(smoothed, log(maximum(probabilities, SMALLEST_PROBABILITY))), -1));
}
