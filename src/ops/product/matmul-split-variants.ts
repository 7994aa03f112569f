/** Matrix products whose sums are split; see product-splits.ts. */
import type { MatmulAttributes } from './matmul-attributes.js';
import { splitsOf, type SplitForm, type SummedShape } from './product-splits.js';
import { EPILOGUE_FILES } from '../core/epilogue.js';

type Sizes = Pick<MatmulAttributes, 'batch' | 'm' | 'n' | 'k'>;

export function matmulShape({ batch, m, n, k }: Sizes): SummedShape {
  return { products: batch, rows: m, columns: n, repeats: 1, length: k };
}

/** The last words of `struct Constants` in shaders/lib/matmul-constants.wgsl and matmul-splits.wgsl. */
export function splitWords(attributes: MatmulAttributes): number[] {
  const { splits, steps } = splitsOf(matmulShape(attributes));
  return [splits, steps, attributes.batch * splits];
}

/** `loads` are the libraries that read the factors, `columns` the one among them that reads what lies along the columns. */
export function matmulSplit(
  { loads, columns }: { readonly loads: readonly string[]; readonly columns: string },
  suits: (attributes: MatmulAttributes) => boolean,
): SplitForm<MatmulAttributes> {
  return {
    shape: matmulShape,
    results: ({ batch, m, n }) => [batch * m, n],
    family: 'product/matmul',
    workgroupTile: 'workgroup-tile.wgsl',
    products: ['matmul-product.wgsl', 'matmul-splits.wgsl', ...loads],
    addition: [
      ...['matmul-product.wgsl', 'matmul-constants.wgsl', 'splits-of-matmul.wgsl'],
      ...[columns, ...EPILOGUE_FILES],
    ],
    workspace: 7,
    suits,
  };
}
