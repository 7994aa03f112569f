/** Matrix products whose sums are cut into parts; see product-parts.ts. */
import type { MatmulAttributes } from './matmul-attributes.js';
import { cutSums, type SplitForm, type Sums } from './product-parts.js';
import { EPILOGUE_FILES } from '../core/epilogue.js';

type Sizes = Pick<MatmulAttributes, 'batch' | 'm' | 'n' | 'k'>;

export function productSums({ batch, m, n, k }: Sizes): Sums {
  return { products: batch, rows: m, columns: n, repeats: 1, length: k };
}

/** The last words of `struct Constants` in shaders/lib/matmul-constants.wgsl and matmul-parts.wgsl. */
export function partWords(attributes: MatmulAttributes): number[] {
  const { parts, steps } = cutSums(productSums(attributes));
  return [parts, steps, attributes.batch * parts];
}

/** `loads` are the libraries that read the factors, `columns` the one among them that reads what lies along the columns. */
export function matmulSplit(
  { loads, columns }: { readonly loads: readonly string[]; readonly columns: string },
  suits: (attributes: MatmulAttributes) => boolean,
): SplitForm<MatmulAttributes> {
  return {
    sums: productSums,
    results: ({ batch, m, n }) => [batch * m, n],
    family: 'product/matmul',
    workgroupTile: 'workgroup-tile.wgsl',
    products: ['matmul-parts.wgsl', ...loads],
    addition: ['matmul-constants.wgsl', 'parts-of-matmul.wgsl', columns, ...EPILOGUE_FILES],
    workspace: 7,
    suits,
  };
}
