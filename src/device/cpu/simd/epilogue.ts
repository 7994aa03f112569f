/**
 * Stores sums, and finishes them when they are complete: y = activation(sum * scale + shift + residual).
 * The bits are those of epilogueBits in src/ops/core/epilogue.ts. NaN passes through both activations.
 */

const SCALE: i32 = 1;
const SHIFT: i32 = 2;
const RESIDUAL: i32 = 4;
const RELU: i32 = 8;
const RELU6: i32 = 16;

/**
 * Adds a tile of sums to an output, or stores them when they are its `first`. `tile` has `tileColumns` columns, of which
 * `rows` x `columns` are stored; its row i lies offsets[i] bytes behind `out`.
 */
export function storeTile(
  tile: usize, tileColumns: i32, rows: i32, columns: i32, offsets: usize, out: usize, first: bool,
): void {
  for (let row = 0; row < rows; row++) {
    const to = out + <usize>load<u32>(offsets);
    let column = 0;
    for (; column + 4 <= columns; column += 4) {
      const at = <usize>column * 4;
      let sums = v128.load(tile + at);
      if (!first) sums = f32x4.add(v128.load(to + at), sums);
      v128.store(to + at, sums);
    }
    for (; column < columns; column++) {
      const at = <usize>column * 4;
      let sum = load<f32>(tile + at);
      if (!first) sum = load<f32>(to + at) + sum;
      store<f32>(to + at, sum);
    }
    tile += <usize>tileColumns * 4;
    offsets += 4;
  }
}

/** The epilogue of `columns` neighbouring sums, in place. What most convolutions have gets a loop without choices. */
export function finishRow(out: usize, columns: i32, bits: i32, scale: usize, shift: usize, residual: usize): void {
  if (bits == (SCALE | SHIFT | RELU)) finishVectors(out, columns, SCALE | SHIFT | RELU, scale, shift, residual);
  else if (bits == (SCALE | SHIFT | RESIDUAL | RELU)) {
    finishVectors(out, columns, SCALE | SHIFT | RESIDUAL | RELU, scale, shift, residual);
  } else finishVectors(out, columns, bits, scale, shift, residual);
  for (let column = columns & ~3; column < columns; column++) {
    const at = <usize>column * 4;
    store<f32>(out + at, finishOne(load<f32>(out + at), bits, scale + at, shift + at, residual + at));
  }
}

// @ts-ignore: decorator
@inline
function finishVectors(out: usize, columns: i32, bits: i32, scale: usize, shift: usize, residual: usize): void {
  const end = <usize>(columns & ~3) * 4;
  for (let at: usize = 0; at < end; at += 16) {
    v128.store(out + at, finish(v128.load(out + at), bits, scale + at, shift + at, residual + at));
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
