/**
 * Matrix product: C = A B, row-major, either factor transposed when read.
 *
 * With G = dL/dC:  dL/dA = G B^T and dL/dB = A^T G. A factor that was read transposed gets the transpose of
 * that, which is the product of the two in the other order; nothing is ever transposed in memory. A factor that several
 * products share gets the sum over them.
 */
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import { asTensor, type Tensor, type TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { broadcastTo, sumTo } from '../shape/broadcast.js';
import { reshape } from '../shape/reshape.js';
import { matmulKernel } from './matmul-kernel.js';
import { attributesOf, type MatmulLayout, sizesOf } from './matmul-layout.js';

/** Which factors are read transposed, and which tensors have the rows of several heads beside each other. */
export interface MatmulOptions {
  /** Read A, stored [..., k, m], as its transpose. */
  readonly transposeA?: boolean;
  /** Read B, stored [..., n, k], as its transpose. */
  readonly transposeB?: boolean;
  /** Read A, stored [batch, rows, heads, columns], as [batch, heads, rows, columns], without a copy. */
  readonly headsA?: boolean;
  /** Read B, stored [batch, rows, heads, columns], as [batch, heads, rows, columns], without a copy. */
  readonly headsB?: boolean;
  /** Store the result, [batch, heads, m, n], as [batch, m, heads, n]. */
  readonly headsOut?: boolean;
}

const NAMES: OptionNames<MatmulOptions> = {
  transposeA: true,
  transposeB: true,
  headsA: true,
  headsB: true,
  headsOut: true,
};

export const matmulOperation: Operation<MatmulLayout> = {
  name: 'matmul',
  shape(layout, [a, b]) {
    expectDtype('matmul', a, 'float32', 'first factor');
    expectDtype('matmul', b, 'float32', 'second factor');
    return sizesOf(layout, a.shape, b.shape).stored;
  },
  forward(layout, [a, b], shape) {
    const attributes = attributesOf(layout, a.shape, b.shape);
    if (attributes === null) {
      // Rare enough for copies: with both factors repeated, the batch is one long row of products.
      const full = [a, b].map((x) => broadcastTo(x, [...shape.slice(0, -2), ...x.shape.slice(-2)]));
      return matmulOperation.forward(layout, full, shape);
    }
    return emit(matmulKernel, attributes, [a, b, null, null, null], shape);
  },
  gradient({ attributes, inputs: [a, b], gradient, wanted }) {
    const { transposeA, transposeB, headsA, headsB, headsOut } = attributes;
    const toA = () =>
      transposeA
        ? product(b, gradient, transposeB, true, headsB, headsOut, headsA)
        : product(gradient, b, false, !transposeB, headsOut, headsB, headsA);
    const toB = () =>
      transposeB
        ? product(gradient, a, true, transposeA, headsOut, headsA, headsB)
        : product(a, gradient, !transposeA, false, headsA, headsOut, headsB);
    return [wanted[0] ? sumTo(toA(), a.shape) : null, wanted[1] ? sumTo(toB(), b.shape) : null];
  },
};

/** The product of factors as `MatmulLayout` has them. */
function product(
  a: Tensor,
  b: Tensor,
  transposeA: boolean,
  transposeB: boolean,
  headsA: boolean,
  headsB: boolean,
  headsOut: boolean,
): Tensor {
  const layout = { transposeA, transposeB, headsA, headsB, headsOut };
  const isOneFactor = sizeOf(b.shape.slice(0, -2)) === 1;
  const inRows = !transposeA && !headsA && !headsB && !headsOut;
  if (!isOneFactor || !inRows || Math.max(a.shape.length, b.shape.length) < 3) {
    return apply(matmulOperation, layout, [a, b]);
  }
  // All rows times one factor are one product, and so is that factor's gradient.
  const shape = matmulOperation.shape(layout, [a, b]);
  const rows = reshape(a, [sizeOf(a.shape.slice(0, -1)), a.shape[a.shape.length - 1]]);
  return reshape(apply(matmulOperation, layout, [rows, reshape(b, b.shape.slice(-2))]), shape);
}

/**
 * A [..., m, k] times B [..., k, n], float32: products of matrices, as many as the dimensions before them say once they are
 * broadcast, as in NumPy. Rank 2 to 6. With one B for all of A's batch, all rows are one product, as those of a layer are.
 *
 * Attention's heads are split by strides: queries [batch, rows, heads, columns] times keys stored alike, with `headsA`,
 * `headsB` and `transposeB`, are scores [batch, heads, rows, keys]; those times values, with `headsB` and `headsOut`, are
 * [batch, rows, heads, columns].
 *
 * Throws AttuneError 'shape' when they do not fit, 'usage' for an unknown option.
 */
export function matmul(a: TensorLike, b: TensorLike, options: MatmulOptions = {}): Tensor {
  refuseUnknownOptions(options, NAMES, 'matmul');
  const { transposeA = false, transposeB = false } = options;
  const { headsA = false, headsB = false, headsOut = false } = options;
  return product(asTensor(a), asTensor(b), transposeA, transposeB, headsA, headsB, headsOut);
}
