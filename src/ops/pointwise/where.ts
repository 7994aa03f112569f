/** y = a where the condition is not 0, else b; the gradient goes to whichever was taken, summed over what was broadcast. */
import type { Kernel } from '../../device/kernel.js';
import { broadcastShapes, broadcastStrides, sameShape, type Shape, sizeOf } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { operand } from '../core/constant.js';
import { type FlatAttributes, flatRange, flatUnits, flatVariant } from '../core/flat.js';
import { padFront, padWords, stridedIndex } from '../core/strided.js';
import { sumTo } from '../shape/broadcast.js';

/** The lists have six entries, leading ones 1 and 0; operands of one shape are one row. */
interface WhereAttributes extends FlatAttributes {
  readonly same: boolean;
  readonly shape: readonly number[];
  readonly stridesCondition: readonly number[];
  readonly stridesA: readonly number[];
  readonly stridesB: readonly number[];
}

export function whereAttributes(condition: Shape, a: Shape, b: Shape, shape: Shape): WhereAttributes {
  const count = sizeOf(shape);
  const same = [condition, a, b].every((each) => sameShape(each, shape));
  // Plans of operands of one shape should not differ by it.
  const strides = (of: Shape) => padFront(same ? [1] : broadcastStrides(of, shape), 0);
  return {
    count,
    same,
    shape: padFront(same ? [count] : shape, 1),
    stridesCondition: strides(condition),
    stridesA: strides(a),
    stridesB: strides(b),
  };
}

export const whereKernel: Kernel<WhereAttributes> = {
  name: 'where',
  bindings: [
    { name: 'condition', access: 'read' },
    { name: 'a', access: 'read', half: true },
    { name: 'b', access: 'read', half: true },
    { name: 'y', access: 'write', half: true },
  ],
  shader: {
    variants: {
      same: {
        ...flatVariant<WhereAttributes>('pointwise/where.wgsl', []).flat,
        suits: ({ same }) => same,
      },
      broadcast: flatVariant<WhereAttributes>('pointwise/where-broadcast.wgsl', ['strided.wgsl']).flat,
    },
    choose: ({ same }) => (same ? 'same' : 'broadcast'),
    words({ count, same, shape, stridesCondition, stridesA, stridesB }) {
      if (same) return [count];
      return [count, 0, 0, 0, ...[shape, stridesCondition, stridesA, stridesB].flatMap(padWords)];
    },
  },
  cpu: {
    units: flatUnits,
    run({ attributes, operands: [condition, a, b, y], begin, end }) {
      const { count, shape, stridesCondition, stridesA, stridesB } = attributes;
      const [first, last] = flatRange(count, begin, end);
      const columns = shape[5];
      const [stepCondition, stepA, stepB] = [stridesCondition[5], stridesA[5], stridesB[5]];
      // Row by row: the divisions that find a place in memory are made once for each.
      for (let i = first; i < last; ) {
        let atCondition = stridedIndex(i, shape, stridesCondition);
        let atA = stridedIndex(i, shape, stridesA);
        let atB = stridedIndex(i, shape, stridesB);
        for (const rowEnd = Math.min(last, i + columns - (i % columns)); i < rowEnd; i++) {
          y[i] = condition[atCondition] !== 0 ? a[atA] : b[atB];
          atCondition += stepCondition;
          atA += stepA;
          atB += stepB;
        }
      }
    },
  },
};

export const whereOperation: Operation<null> = {
  name: 'where',
  shape(_, [condition, a, b]) {
    expectDtype('where', condition, 'int32', 'condition');
    expectDtype('where', a, 'float32', 'second operand');
    expectDtype('where', b, 'float32', 'third operand');
    return broadcastShapes('where', condition.shape, broadcastShapes('where', a.shape, b.shape));
  },
  forward: (_, [condition, a, b], shape) =>
    emit(whereKernel, whereAttributes(condition.shape, a.shape, b.shape, shape), [condition, a, b], shape),
  gradient: ({ inputs: [condition, a, b], gradient, wanted }) => [
    null,
    wanted[1] ? sumTo(where(condition, gradient, 0), a.shape) : null,
    wanted[2] ? sumTo(where(condition, 0, gradient), b.shape) : null,
  ],
};

/**
 * a where `condition` (int32) is not 0, else b, element by element, with broadcasting of all three. float32; a number stands
 * for a tensor of rank 0. There is a gradient to a and b, each where it was taken: what was not, NaN included, leaves no trace.
 */
export function where(condition: TensorLike, a: TensorLike | number, b: TensorLike | number): Tensor {
  return apply(whereOperation, null, [condition, operand(a), operand(b)]);
}
