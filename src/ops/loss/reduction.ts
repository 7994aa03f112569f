/** What losses of single elements have in common: operands of one shape, and what becomes of all of them. */
import { refuseUnknownKind } from '../../option-names.js';
import { sameShape, type Shape, shapeError, showShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { mean } from '../reduce/mean.js';
import { sum } from '../reduce/sum.js';

/** One number, or the loss of every element. */
export type LossReduction = 'mean' | 'sum' | 'none';

const REDUCTIONS: Readonly<Record<LossReduction, (losses: Tensor) => Tensor>> = {
  mean: (losses) => mean(losses),
  sum: (losses) => sum(losses),
  none: (losses) => losses,
};

export function reduceLosses(operation: string, losses: Tensor, reduction: LossReduction = 'mean'): Tensor {
  refuseUnknownKind(reduction, REDUCTIONS, 'reduction', operation);
  return REDUCTIONS[reduction](losses);
}

/** Throws unless two operands have one shape: a loss of what broadcasts is seldom the one that was meant. */
export function expectSameShape(
  operation: string,
  [first, a]: readonly [name: string, shape: Shape],
  [second, b]: readonly [name: string, shape: Shape],
): void {
  if (sameShape(a, b)) return;
  throw shapeError(
    operation,
    `${first} ${showShape(a)} and ${second} ${showShape(b)} differ in shape`,
    'reshape one, or repeat it with broadcastTo where that is meant',
  );
}
