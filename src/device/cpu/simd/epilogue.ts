/**
 * Stores sums, and finishes them when they are complete: y = activation(sum * scale + shift + residual).
 * The bits are those of epilogueBits in src/ops/epilogue.ts. NaN passes through both activations.
 */

const SCALE: i32 = 1;
const SHIFT: i32 = 2;
const RESIDUAL: i32 = 4;
const RELU: i32 = 8;
const RELU6: i32 = 16;

/**
 * Adds a tile of sums to an output, or stores them when they are its `first`; after the `last` the epilogue
 * follows. `tile` has `tileColumns` columns, of which `rows` x `columns` are stored. `scale` and `shift` point
 * to the tile's first channel; its row i lies offsets[i] bytes behind `out` and `residual`.
 */
export function storeTile(
  tile: usize, tileColumns: i32, rows: i32, columns: i32,
  offsets: usize, out: usize, first: bool, last: bool,
  bits: i32, scale: usize, shift: usize, residual: usize,
): void {
  for (let row = 0; row < rows; row++) {
    const offset = <usize>load<u32>(offsets);
    const to = out + offset;
    const add = residual + offset;
    let column = 0;
    for (; column + 4 <= columns; column += 4) {
      const at = <usize>column * 4;
      let sums = v128.load(tile + at);
      if (!first) sums = f32x4.add(v128.load(to + at), sums);
      if (last) sums = finish(sums, bits, scale + at, shift + at, add + at);
      v128.store(to + at, sums);
    }
    for (; column < columns; column++) {
      const at = <usize>column * 4;
      let sum = load<f32>(tile + at);
      if (!first) sum = load<f32>(to + at) + sum;
      if (last) sum = finishOne(sum, bits, scale + at, shift + at, add + at);
      store<f32>(to + at, sum);
    }
    tile += <usize>tileColumns * 4;
    offsets += 4;
  }
}

/** The epilogue of a whole tile where it lies in the output, `stride` bytes from row to row. Pointers as in storeTile. */
export function finishTile(
  out: usize, stride: usize, rows: i32, columns: i32, bits: i32, scale: usize, shift: usize, residual: usize,
): void {
  const bytes = <usize>columns * 4;
  for (let row = 0; row < rows; row++) {
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(out + at, finish(v128.load(out + at), bits, scale + at, shift + at, residual + at));
    }
    out += stride;
    residual += stride;
  }
}

/** The epilogue of four neighbouring channels. Pointers of absent operands are not read. */
// @ts-ignore: decorator
@inline
export function finish(sums: v128, bits: i32, scale: usize, shift: usize, residual: usize): v128 {
  if (bits & SCALE) sums = f32x4.mul(sums, v128.load(scale));
  if (bits & SHIFT) sums = f32x4.add(sums, v128.load(shift));
  if (bits & RESIDUAL) sums = f32x4.add(sums, v128.load(residual));
  if (bits & (RELU | RELU6)) sums = f32x4.pmax(sums, f32x4.splat(0));
  if (bits & RELU6) sums = f32x4.pmin(sums, f32x4.splat(6));
  return sums;
}

/** The epilogue of one channel: the same operations in the same order. */
// @ts-ignore: decorator
@inline
export function finishOne(sum: f32, bits: i32, scale: usize, shift: usize, residual: usize): f32 {
  if (bits & SCALE) sum *= load<f32>(scale);
  if (bits & SHIFT) sum += load<f32>(shift);
  if (bits & RESIDUAL) sum += load<f32>(residual);
  if (bits & (RELU | RELU6)) sum = sum < 0 ? 0 : sum;
  if (bits & RELU6) sum = sum > 6 ? 6 : sum;
  return sum;
}
