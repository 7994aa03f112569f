import type { Epilogue } from '../core/epilogue.js';

/**
 * C[m, n] = epilogue(sum over k of A[m, k] B[k, n]), row-major, `batch` such products one after another.
 *
 * A is stored [m, k], or [k, m] when `transposeA`; B [k, n], or [n, k] when `transposeB`. `batchStrideA` and
 * `batchStrideB` are elements from one product's factor to the next: 0 shares one factor among all.
 * Operands: a, b, scale, shift, residual, out.
 */
export interface MatmulAttributes {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly batchStrideA: number;
  readonly batchStrideB: number;
  readonly epilogue: Epilogue;
}
