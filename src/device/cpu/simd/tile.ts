/**
 * Micro-kernels: a tile of results held in registers while the summed dimension runs through two packed blocks.
 *
 * Left rows lie ROW_BYTES apart, so every row is reached with a constant offset from one pointer; the right
 * panel holds 8 or 12 columns for each step of depth. Sixteen vector registers are all there are: 4 x 8 uses 8
 * sums and 2 columns; 3 x 12 uses 9 and 3, and wins where a multiplication and an addition are one instruction.
 *
 * Where the left factor lies turned around, steps of depth are ROW_BYTES apart and rows are neighbours.
 */
import { ROW_BYTES } from './layout';

// @ts-ignore: decorator
@inline
export const NARROW: i32 = 8;
// @ts-ignore: decorator
@inline
export const WIDE: i32 = 12;
// @ts-ignore: decorator
@inline
export const NARROW_ROWS: i32 = 4;
// @ts-ignore: decorator
@inline
export const WIDE_ROWS: i32 = 3;

/** How a left factor lies, as types: offsets within an instruction must be known when the module is compiled. */
export type Straight = i32;
export type Turned = bool;

/** a * b + sum: one instruction in the relaxed build, two in the plain one. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, sum);
  return f32x4.add(f32x4.mul(a, b), sum);
}

/**
 * out[4, 8] = rows[4, depth] times panel[depth, 8], or the sum of both when `add`; rows of `out` lie `stride` bytes
 * apart. With the Turned layout `rows` is [depth, 4].
 */
export function multiplyNarrow<Layout>(
  rows: usize, panel: usize, depth: i32, out: usize, stride: usize, add: bool,
): void {
  let sum00 = f32x4.splat(0), sum01 = f32x4.splat(0);
  let sum10 = f32x4.splat(0), sum11 = f32x4.splat(0);
  let sum20 = f32x4.splat(0), sum21 = f32x4.splat(0);
  let sum30 = f32x4.splat(0), sum31 = f32x4.splat(0);
  if (add) {
    let from = out;
    sum00 = v128.load(from); sum01 = v128.load(from, 16);
    from += stride;
    sum10 = v128.load(from); sum11 = v128.load(from, 16);
    from += stride;
    sum20 = v128.load(from); sum21 = v128.load(from, 16);
    from += stride;
    sum30 = v128.load(from); sum31 = v128.load(from, 16);
  }
  const end = rows + <usize>depth * (isBoolean<Layout>() ? ROW_BYTES : 4);
  while (rows < end) {
    const b0 = v128.load(panel), b1 = v128.load(panel, 16);
    let a = v128.load32_splat(rows);
    sum00 = multiplyAdd(a, b0, sum00);
    sum01 = multiplyAdd(a, b1, sum01);
    a = v128.load32_splat(rows, isBoolean<Layout>() ? 4 : ROW_BYTES);
    sum10 = multiplyAdd(a, b0, sum10);
    sum11 = multiplyAdd(a, b1, sum11);
    a = v128.load32_splat(rows, isBoolean<Layout>() ? 8 : 2 * ROW_BYTES);
    sum20 = multiplyAdd(a, b0, sum20);
    sum21 = multiplyAdd(a, b1, sum21);
    a = v128.load32_splat(rows, isBoolean<Layout>() ? 12 : 3 * ROW_BYTES);
    sum30 = multiplyAdd(a, b0, sum30);
    sum31 = multiplyAdd(a, b1, sum31);
    rows += isBoolean<Layout>() ? ROW_BYTES : 4;
    panel += 32;
  }
  v128.store(out, sum00);
  v128.store(out, sum01, 16);
  out += stride;
  v128.store(out, sum10);
  v128.store(out, sum11, 16);
  out += stride;
  v128.store(out, sum20);
  v128.store(out, sum21, 16);
  out += stride;
  v128.store(out, sum30);
  v128.store(out, sum31, 16);
}

/** out[3, 12] = rows[3, depth] times panel[depth, 12]; the same otherwise. */
export function multiplyWide<Layout>(
  rows: usize, panel: usize, depth: i32, out: usize, stride: usize, add: bool,
): void {
  let sum00 = f32x4.splat(0), sum01 = f32x4.splat(0), sum02 = f32x4.splat(0);
  let sum10 = f32x4.splat(0), sum11 = f32x4.splat(0), sum12 = f32x4.splat(0);
  let sum20 = f32x4.splat(0), sum21 = f32x4.splat(0), sum22 = f32x4.splat(0);
  if (add) {
    let from = out;
    sum00 = v128.load(from); sum01 = v128.load(from, 16); sum02 = v128.load(from, 32);
    from += stride;
    sum10 = v128.load(from); sum11 = v128.load(from, 16); sum12 = v128.load(from, 32);
    from += stride;
    sum20 = v128.load(from); sum21 = v128.load(from, 16); sum22 = v128.load(from, 32);
  }
  const end = rows + <usize>depth * (isBoolean<Layout>() ? ROW_BYTES : 4);
  while (rows < end) {
    const b0 = v128.load(panel), b1 = v128.load(panel, 16), b2 = v128.load(panel, 32);
    let a = v128.load32_splat(rows);
    sum00 = multiplyAdd(a, b0, sum00);
    sum01 = multiplyAdd(a, b1, sum01);
    sum02 = multiplyAdd(a, b2, sum02);
    a = v128.load32_splat(rows, isBoolean<Layout>() ? 4 : ROW_BYTES);
    sum10 = multiplyAdd(a, b0, sum10);
    sum11 = multiplyAdd(a, b1, sum11);
    sum12 = multiplyAdd(a, b2, sum12);
    a = v128.load32_splat(rows, isBoolean<Layout>() ? 8 : 2 * ROW_BYTES);
    sum20 = multiplyAdd(a, b0, sum20);
    sum21 = multiplyAdd(a, b1, sum21);
    sum22 = multiplyAdd(a, b2, sum22);
    rows += isBoolean<Layout>() ? ROW_BYTES : 4;
    panel += 48;
  }
  v128.store(out, sum00);
  v128.store(out, sum01, 16);
  v128.store(out, sum02, 32);
  out += stride;
  v128.store(out, sum10);
  v128.store(out, sum11, 16);
  v128.store(out, sum12, 32);
  out += stride;
  v128.store(out, sum20);
  v128.store(out, sum21, 16);
  v128.store(out, sum22, 32);
}
