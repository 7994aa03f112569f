/**
 * The matrix product's entry into the WebAssembly SIMD module (src/device/cpu/simd/matmul.ts), and the units
 * that it shares with the plain loop.
 */
import type { SimdEntry } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';
import { epilogueBits } from '../core/epilogue.js';
import type { MatmulAttributes } from './matmul-attributes.js';

/** Rows of one unit of work; both micro-kernels' heights (3 and 4) divide it. */
export const MATMUL_UNIT_ROWS = 48;

/**
 * Units of a matrix product: blocks of 48 rows, product after product. Unit u computes the rows from
 * 48 * (u % blocks) on of product floor(u / blocks), where blocks = ceil(m / 48).
 */
export function matmulUnits(attributes: MatmulAttributes): number {
  return attributes.batch * Math.ceil(attributes.m / MATMUL_UNIT_ROWS);
}

export const matmulSimd: SimdEntry<MatmulAttributes> = simdEntry('matmul', {
  // A sum of no terms has no depth to run through: the plain loop stores the epilogue of 0.
  suits: ({ k }) => k > 0,
  workspaceBytes: () => SIMD_WORKSPACE_BYTES,
  arguments(attributes, [a, b, scale, shift, residual, out, workspace], begin, end) {
    const { heads, m, n, k, transposeA, transposeB, epilogue } = attributes;
    return {
      a,
      b,
      scale,
      shift,
      residual,
      out,
      workspace,
      begin,
      end,
      heads,
      m,
      n,
      k,
      transposeA,
      transposeB,
      rowA: attributes.a.row,
      batchA: attributes.a.batch,
      headA: attributes.a.head,
      rowB: attributes.b.row,
      batchB: attributes.b.batch,
      headB: attributes.b.head,
      rowOut: attributes.out.row,
      batchOut: attributes.out.batch,
      headOut: attributes.out.head,
      bits: epilogueBits(epilogue),
    };
  },
});

/** Scratch of one call: a tile, where 48 rows go, 48 packed rows of 272 floats, and packed panels; see device/cpu/simd/layout.ts. */
export const SIMD_WORKSPACE_BYTES = 256 + 256 + 48 * 272 * 4 + 256 * 528 * 4;
