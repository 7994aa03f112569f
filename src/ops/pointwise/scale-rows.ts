/** y[row, ...] = x[row, ...] factors[row]: every row of the first axis times a number of its own. */
import type { Kernel } from '../../device/kernel.js';
import { shapeError, showShape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { sumTo } from '../shape/broadcast.js';
import { multiply } from './multiply.js';
import { reshape } from '../shape/reshape.js';
import { type FlatAttributes, flatRange, flatUnits, flatVariant } from '../core/flat.js';

interface ScaleRowsAttributes extends FlatAttributes {
  /** Elements of a row. */
  readonly columns: number;
}

export const scaleRowsKernel: Kernel<ScaleRowsAttributes> = {
  name: 'scaleRows',
  bindings: [
    { name: 'x', access: 'read', half: true },
    { name: 'factors', access: 'read' },
    { name: 'y', access: 'write', half: true },
  ],
  shader: {
    variants: flatVariant<ScaleRowsAttributes>('pointwise/scale-rows.wgsl', []),
    choose: () => 'flat',
    words: ({ count, columns }) => [count, columns],
  },
  cpu: {
    units: flatUnits,
    run({ attributes: { count, columns }, operands: [x, factors, y], begin, end }) {
      const [first, last] = flatRange(count, begin, end);
      for (let i = first; i < last; ) {
        const row = Math.floor(i / columns);
        const factor = factors[row];
        const rowEnd = Math.min(last, (row + 1) * columns);
        for (; i < rowEnd; i++) y[i] = x[i] * factor;
      }
    },
  },
};

export const scaleRowsOperation: Operation<null> = {
  name: 'scaleRows',
  shape(_, [x, factors]) {
    expectDtype('scaleRows', x, 'float32');
    expectDtype('scaleRows', factors, 'float32', 'factors');
    if (x.shape.length === 0 || factors.shape.length !== 1 || factors.length !== x.shape[0]) {
      throw shapeError(
        'scaleRows',
        `factors of shape ${showShape(factors.shape)} are not one for each row of ${showShape(x.shape)}`,
        'factors have one axis, of the size of the first of x',
      );
    }
    return x.shape;
  },
  forward: (_, [x, factors], shape) =>
    emit(scaleRowsKernel, { count: x.length, columns: x.length / factors.length }, [x, factors], shape),
  gradient: ({ inputs: [x, factors], gradient, wanted }) => [
    wanted[0] ? scaleRows(gradient, factors) : null,
    wanted[1] ? sumOfRows(multiply(gradient, x)) : null,
  ],
};

/** x [rows, ...] added up to [rows]. */
function sumOfRows(x: Tensor): Tensor {
  const [rows] = x.shape;
  const column = x.shape.map((_, d) => (d === 0 ? rows : 1));
  return reshape(sumTo(x, column), [rows]);
}

/** `x` [rows, ...] times `factors` [rows], row by row. float32. */
export function scaleRows(x: TensorLike, factors: TensorLike): Tensor {
  return apply(scaleRowsOperation, null, [x, factors]);
}
