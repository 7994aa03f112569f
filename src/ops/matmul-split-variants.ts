/**
 * A matrix product whose sum is cut into parts: a small result of long sums, as of a head's weights, makes too few
 * workgroups to keep a GPU busy. The parts are products of their own, and a second pass adds them in order. The cut follows
 * from the sizes alone. No adapter takes these by rule: `attune tune` finds where they win.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../device/grid.js';
import type { Variant } from '../device/kernel.js';
import type { MatmulAttributes } from './matmul-attributes.js';
import { type ProductTile, tileCount, tileSupport } from './product-variants.js';

/** Side of the tiles by which workgroups are counted, and how many of them are wanted. */
const TILE = 64;
const WANTED_GROUPS = 256;
/** Fewer steps than this are not worth a part. */
const LEAST_STEPS = 256;
/** A part's steps are a multiple of this: tiles take so many at a time. */
const TILE_STEPS = 16;

/** How a product's sum is cut: one part where that is not worth it. */
export function productParts({ batch, m, n, k }: Pick<MatmulAttributes, 'batch' | 'm' | 'n' | 'k'>) {
  const groups = batch * Math.ceil(m / TILE) * Math.ceil(n / TILE);
  const wanted = Math.min(Math.ceil(WANTED_GROUPS / Math.max(1, groups)), Math.floor(k / LEAST_STEPS));
  const steps = Math.max(1, Math.ceil(k / Math.max(1, wanted) / TILE_STEPS)) * TILE_STEPS;
  return { parts: Math.max(1, Math.ceil(k / steps)), steps };
}

/** The last words of `struct Constants` in shaders/lib/matmul-constants.wgsl and matmul-parts.wgsl. */
export function partWords(attributes: MatmulAttributes): number[] {
  const { parts, steps } = productParts(attributes);
  return [parts, steps, attributes.batch * parts];
}

/**
 * The split variant of a tile. `loads` are the libraries that read the factors, `columns` the one among them that reads
 * what lies along the columns.
 */
export function splitVariant(
  tile: ProductTile,
  { loads, columns }: { readonly loads: readonly string[]; readonly columns: string },
  suits: (attributes: MatmulAttributes) => boolean,
): Variant<MatmulAttributes> {
  const kind = tile.lanes === undefined ? 'workgroup' : 'register';
  const products = (attributes: MatmulAttributes) => attributes.batch * productParts(attributes).parts;
  return {
    before: [
      {
        file: `matmul-${kind}.wgsl`,
        libraries: ['grid.wgsl', `${kind}-tile.wgsl`, 'matmul-parts.wgsl', ...loads],
        constants: tile.constants,
        grid: (attributes) => flatGrid(tileCount(tile, products(attributes), attributes.m, attributes.n), 1),
      },
    ],
    file: 'matmul-split.wgsl',
    libraries: ['grid.wgsl', 'matmul-constants.wgsl', columns, 'epilogue.wgsl'],
    constants: { WORKGROUP: POINTWISE_WORKGROUP },
    grid: ({ batch, m, n }) => flatGrid(batch * m * Math.ceil(n / 4), POINTWISE_WORKGROUP),
    workspace: (attributes) => products(attributes) * attributes.m * attributes.n,
    suits: (attributes) => productParts(attributes).parts > 1 && suits(attributes),
    supports: tileSupport(tile),
  };
}
