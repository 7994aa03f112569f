import type { Epilogue } from '../core/epilogue.js';

/**
 * Where the matrices of one operand lie, in elements: from one stored row to the next, and from one product's matrix to the
 * next. A row's elements are neighbours. A stride of 0 shares one matrix.
 */
export interface MatrixStrides {
  readonly row: number;
  readonly batch: number;
  readonly head: number;
}

/**
 * C[m, n] = epilogue(sum over k of A[m, k] B[k, n]), `batch` such products, row-major.
 *
 * A is stored [m, k], or [k, m] when `transposeA`; B [k, n], or [n, k] when `transposeB`. Products count in two places, of
 * which the inner one has `heads`: the matrix of product p begins at floor(p / heads) * batch + (p % heads) * head of its
 * strides. So the heads of an attention may lie beside each other in a row, in a factor as well as in the result.
 * Operands: a, b, scale, shift, residual, out. The residual lies as the result does.
 */
export interface MatmulAttributes {
  readonly batch: number;
  readonly heads: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly a: MatrixStrides;
  readonly b: MatrixStrides;
  readonly out: MatrixStrides;
  readonly epilogue: Epilogue;
}

/** Where the matrix of a product begins. */
export function matrixStart(heads: number, strides: MatrixStrides, product: number): number {
  return Math.floor(product / heads) * strides.batch + (product % heads) * strides.head;
}
