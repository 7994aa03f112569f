/**
 * Block sizes and the scratch memory of one call.
 *
 * A product is computed in blocks: BLOCK_DEPTH of the summed dimension by BLOCK_COLUMNS columns of the right
 * factor are packed into panels that stay in the second-level cache, then BLOCK_ROWS rows of the left factor at
 * a time are packed beside them. The workspace holds one tile of results, where the block's rows go in the output,
 * the rows, and the panels:
 *
 *     tile [TILE_BYTES] | offsets [OFFSET_BYTES] | rows [BLOCK_ROWS, ROW_BYTES / 4] | panels [BLOCK_DEPTH, BLOCK_COLUMNS]
 *
 * src/ops/product/matmul-simd.ts gives its size.
 */

export const BLOCK_ROWS: i32 = 48;
export const BLOCK_DEPTH: i32 = 256;
/** A multiple of 24, so that whole panels of 12 or of 8 columns fill it. */
export const BLOCK_COLUMNS: i32 = 528;

/** Bytes from one packed row to the next: a cache line more than a power of two, or rows would share cache sets. */
export const ROW_BYTES: usize = (<usize>BLOCK_DEPTH + 16) * 4;

const TILE_BYTES: usize = 256;
const OFFSET_BYTES: usize = 256;

/** Results of one micro-kernel. */
// @ts-ignore: decorator
@inline
export function tileOf(workspace: usize): usize {
  return workspace;
}

/** For each row of the block, the bytes from the output's pointer to it, as u32. */
// @ts-ignore: decorator
@inline
export function offsetsOf(workspace: usize): usize {
  return workspace + TILE_BYTES;
}

/** Notes that the rows of every block follow each other in the output, `stride` bytes apart. */
export function setEvenOffsets(workspace: usize, stride: usize): void {
  for (let row: usize = 0; row < <usize>BLOCK_ROWS; row++) {
    store<u32>(offsetsOf(workspace) + row * 4, <u32>(row * stride));
  }
}

/** The packed rows of the left factor. */
// @ts-ignore: decorator
@inline
export function rowsOf(workspace: usize): usize {
  return workspace + TILE_BYTES + OFFSET_BYTES;
}

/** The packed panels of the right factor. */
// @ts-ignore: decorator
@inline
export function panelsOf(workspace: usize): usize {
  return rowsOf(workspace) + <usize>BLOCK_ROWS * ROW_BYTES;
}

/** The first byte behind the panels: what an entry needs beyond a product's scratch memory follows there. */
// @ts-ignore: decorator
@inline
export function workspaceEnd(workspace: usize): usize {
  return panelsOf(workspace) + <usize>(BLOCK_DEPTH * BLOCK_COLUMNS) * 4;
}

/**
 * Length of the blocks that a sum over `depth` is split into: equal, a multiple of 4, at most BLOCK_DEPTH. It
 * follows from `depth` alone, since it decides the order of additions.
 */
export function depthBlock(depth: i32): i32 {
  const blocks = (depth + BLOCK_DEPTH - 1) / BLOCK_DEPTH;
  return roundUp4((depth + blocks - 1) / blocks);
}

// @ts-ignore: decorator
@inline
export function roundUp4(count: i32): i32 {
  return (count + 3) & ~3;
}

/** How many of the panels for `columns` columns are 12 wide; they come first. */
export function widePanels(columns: i32): i32 {
  if (!ASC_FEATURE_RELAXED_SIMD) return 0;
  const quads = (columns + 3) / 4;
  if (quads % 3 == 0) return quads / 3;
  if (quads % 3 == 2) return (quads - 2) / 3;
  return quads == 1 ? 0 : (quads - 4) / 3;
}
