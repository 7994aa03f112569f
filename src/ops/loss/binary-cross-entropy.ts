/**
 * The cross-entropy of yes and no: for a logit x and the share t of `yes`, whose losses count p times,
 *
 *     loss = (1 - t) ln(1 + e^x) + p t ln(1 + e^-x),        dloss / dx = (1 - t) s(x) - p t s(-x),  s(x) = 1 / (1 + e^-x)
 *
 * ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|), and s is made of e^-|x| as well: nothing overflows, both terms are at least 0,
 * and no digit is lost between them. One kernel each rather than operations put together: |x| and max(x, 0) have corners
 * at 0, where fits begin, and the loss has none.
 */
import { AttuneError } from '../../errors.js';
import type { Kernel } from '../../device/kernel.js';
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { broadcastShapes, sameShape, type Shape, shapeError, showShape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Scalar, Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { type FlatAttributes, flatRange, flatUnits, flatVariant } from '../core/flat.js';
import { multiply } from '../pointwise/multiply.js';
import { broadcastTo } from '../shape/broadcast.js';
import { expectSameShape, type LossReduction, reduceLosses } from './reduction.js';

interface BinaryCrossEntropyAttributes extends FlatAttributes {
  /** Whether there are positive weights; without them p is 1. */
  readonly weighted: boolean;
}

const words = ({ count, weighted }: BinaryCrossEntropyAttributes) => [count, weighted ? 1 : 0];

export const binaryCrossEntropyKernel: Kernel<BinaryCrossEntropyAttributes> = {
  name: 'binaryCrossEntropy',
  bindings: [
    { name: 'logits', access: 'read' },
    { name: 'targets', access: 'read' },
    { name: 'positiveWeights', access: 'read', optional: true },
    { name: 'losses', access: 'write' },
  ],
  shader: {
    variants: flatVariant<BinaryCrossEntropyAttributes>('loss/binary-cross-entropy.wgsl', ['is-nan.wgsl']),
    choose: () => 'flat',
    words,
  },
  cpu: {
    units: flatUnits,
    elementwise: () => true,
    run({ attributes: { count, weighted }, operands: [x, targets, weights, losses], begin, end }) {
      const [first, last] = flatRange(count, begin, end);
      for (let i = first; i < last; i++) {
        const no = 1 - targets[i];
        const yes = weighted ? weights[i] * targets[i] : targets[i];
        const rest = Math.log1p(Math.exp(-Math.abs(x[i])));
        // What is not asked for may be impossible: its logit infinite.
        const ofNo = no === 0 ? 0 : no * (Math.max(x[i], 0) + rest);
        losses[i] = yes === 0 ? ofNo : ofNo + yes * (Math.max(-x[i], 0) + rest);
      }
    },
  },
};

export const binaryCrossEntropyGradientKernel: Kernel<BinaryCrossEntropyAttributes> = {
  name: 'binaryCrossEntropyGradient',
  bindings: [
    { name: 'logits', access: 'read' },
    { name: 'targets', access: 'read' },
    { name: 'positiveWeights', access: 'read', optional: true },
    { name: 'dlosses', access: 'read' },
    { name: 'dlogits', access: 'write' },
  ],
  shader: {
    variants: flatVariant<BinaryCrossEntropyAttributes>('loss/binary-cross-entropy-gradient.wgsl', [
      'is-nan.wgsl',
    ]),
    choose: () => 'flat',
    words,
  },
  cpu: {
    units: flatUnits,
    elementwise: () => true,
    run({ attributes: { count, weighted }, operands: [x, targets, weights, dlosses, dlogits], begin, end }) {
      const [first, last] = flatRange(count, begin, end);
      for (let i = first; i < last; i++) {
        const small = Math.exp(-Math.abs(x[i]));
        const likely = 1 / (1 + small);
        const unlikely = small * likely;
        const no = (1 - targets[i]) * (x[i] < 0 ? unlikely : likely);
        const yes = (weighted ? weights[i] * targets[i] : targets[i]) * (x[i] < 0 ? likely : unlikely);
        dlogits[i] = (no - yes) * dlosses[i];
      }
    },
  },
};

/** Inputs: logits, targets, and positive weights or none: float32, of one shape. */
export const binaryCrossEntropyOperation: Operation<null> = {
  name: 'binaryCrossEntropy',
  shape(_, [logits, target, weights]) {
    expectDtype('binaryCrossEntropy', logits, 'float32', 'logits');
    expectDtype('binaryCrossEntropy', target, 'float32', 'targets');
    if (weights) expectDtype('binaryCrossEntropy', weights, 'float32', 'positive weights');
    expectSameShape('binaryCrossEntropy', ['logits', logits.shape], ['targets', target.shape]);
    return logits.shape;
  },
  forward(_, [logits, target, weights], shape) {
    const attributes = { count: logits.length, weighted: weights !== undefined };
    return emit(binaryCrossEntropyKernel, attributes, [logits, target, weights ?? null], shape);
  },
  gradient({ inputs: [logits, target, weights], gradient, wanted }) {
    if (wanted[1] || wanted[2]) {
      throw new AttuneError({
        code: 'program',
        what: 'binary cross-entropy has no gradient with respect to its targets and positive weights',
        hint: 'compute it from log, sigmoid, multiply and sum',
      });
    }
    const attributes = { count: logits.length, weighted: weights !== undefined };
    const operands = [logits, target, weights ?? null, gradient];
    return [emit(binaryCrossEntropyGradientKernel, attributes, operands, logits.shape), null, null];
  },
};

/** How much each loss counts, and what becomes of the losses. */
export interface BinaryCrossEntropyOptions {
  /** What each loss is multiplied by: float32, broadcast to the logits. The mean stays one over all elements. */
  readonly weights?: TensorLike;
  /** What the losses of `yes` are multiplied by: float32, broadcast to the logits; often one for each class, [classes]. */
  readonly positiveWeights?: TensorLike;
  /** Default 'mean'. */
  readonly reduction?: LossReduction;
}

const NAMES: OptionNames<BinaryCrossEntropyOptions> = {
  weights: true,
  positiveWeights: true,
  reduction: true,
};

/**
 * The binary cross-entropy of logits, as PyTorch's binary_cross_entropy_with_logits: its mean, sum, or that of every element.
 * `targets` are probabilities in the shape of the logits; float32 both. Throws AttuneError 'shape' when they do not fit,
 * 'usage' for an unknown option.
 */
export function binaryCrossEntropy(
  logits: TensorLike,
  targets: TensorLike,
  options?: BinaryCrossEntropyOptions & { readonly reduction?: 'mean' | 'sum' },
): Scalar;
export function binaryCrossEntropy(
  logits: TensorLike,
  targets: TensorLike,
  options?: BinaryCrossEntropyOptions,
): Tensor;
export function binaryCrossEntropy(
  logits: TensorLike,
  targets: TensorLike,
  options: BinaryCrossEntropyOptions = {},
): Tensor {
  refuseUnknownOptions(options, NAMES, 'binaryCrossEntropy');
  const { weights, positiveWeights, reduction } = options;
  const { shape } = logits;
  const operands = [logits, targets];
  if (positiveWeights !== undefined) {
    expectWithin(positiveWeights.shape, shape, 'positiveWeights');
    operands.push(broadcastTo(positiveWeights, shape));
  }
  const losses = apply(binaryCrossEntropyOperation, null, operands);
  if (weights === undefined) return reduceLosses('binaryCrossEntropy', losses, reduction);
  expectWithin(weights.shape, shape, 'weights');
  return reduceLosses('binaryCrossEntropy', multiply(losses, weights), reduction);
}

/** Throws unless `weights` broadcast to the logits, which they must not enlarge. */
function expectWithin(weights: Shape, logits: Shape, name: string): void {
  if (sameShape(broadcastShapes('binaryCrossEntropy', weights, logits), logits)) return;
  throw shapeError(
    'binaryCrossEntropy',
    `${name} ${showShape(weights)} do not broadcast to logits ${showShape(logits)}`,
    'give one for each logit, or for each of the last axis',
  );
}
