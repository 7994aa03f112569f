/**
 * The two passes of resizing (../resize.ts) with SIMD, to the bit what the plain loops compute (../resize-plain.ts).
 *
 * A weight w has 22 fractional bits and a sign, more than the 16 bits of the instruction that multiplies and adds in
 * pairs. So it is split, w = 2048 high + low with 0 <= low < 2048, and both halves are summed:
 *
 *     sum of p w  =  2048 * (sum of p high) + (sum of p low)
 *
 * in 32-bit arithmetic, which is exact: the result fits, and what overflows on the way wraps back. Weights come in
 * pairs of taps, (high 0, high 1, low 0, low 1) as 16-bit integers; a tap that is not there has weight 0, so that
 * reading a little beyond the samples changes nothing. The caller leaves room behind its arrays for that.
 */

const HALF: i32 = 1 << 21;
const FRACTION_BITS: i32 = 22;
const LOW_BITS: i32 = 11;
/** Bytes of the weights of two taps. */
const PAIR: usize = 8;

/** 2048 high + low without its fraction, as four 32-bit integers. */
// @ts-ignore: decorator
@inline
function whole(high: v128, low: v128): v128 {
  return i32x4.shr_s(i32x4.add(i32x4.shl(high, LOW_BITS), low), FRACTION_BITS);
}

/**
 * Horizontal pass over `rows` rows of RGB pixels, `rowBytes` from one to the next. For each of `width` output pixels,
 * `starts` has the byte of its first input within a row, `weights` its `pairs` of taps. Output rows are `outBytes`
 * apart; a byte behind each is written too, before the next row is.
 */
export function across(
  source: usize,
  rowBytes: usize,
  rows: i32,
  starts: usize,
  weights: usize,
  pairs: i32,
  width: i32,
  out: usize,
  outBytes: usize,
): void {
  const nothing = i32x4.splat(0);
  for (let row = 0; row < rows; row++) {
    let to = out;
    let pair = weights;
    for (let x = 0; x < width; x++) {
      let from = source + load<u32>(starts + ((<usize>x) << 2));
      let high = nothing;
      let low = i32x4.splat(HALF);
      for (let k = 0; k < pairs; k++) {
        // R0 G0 B0 R1 G1 B1 as the 16-bit integers R0 R1 G0 G1 B0 B1 0 0.
        const taps = i8x16.shuffle(
          v128.load64_zero(from), nothing,
          0, 16, 3, 16, 1, 16, 4, 16, 2, 16, 5, 16, 16, 16, 16, 16,
        );
        high = i32x4.add(high, i32x4.dot_i16x8_s(taps, v128.load32_splat(pair)));
        low = i32x4.add(low, i32x4.dot_i16x8_s(taps, v128.load32_splat(pair + 4)));
        from += 6;
        pair += PAIR;
      }
      const sum = whole(high, low);
      const words = i16x8.narrow_i32x4_s(sum, sum);
      v128.store32_lane(to, i8x16.narrow_i16x8_u(words, words), 0);
      to += 3;
    }
    source += rowBytes;
    out += outBytes;
  }
}

/**
 * Vertical pass: `height` output rows of `width` bytes, one after the other, from rows that are `rowBytes` apart. For
 * each, `starts` has the number of its first input row, `weights` its `pairs` of taps. Up to 15 bytes behind each row
 * are written too, before the next one is.
 */
export function down(
  source: usize,
  rowBytes: usize,
  starts: usize,
  weights: usize,
  pairs: i32,
  width: usize,
  height: i32,
  out: usize,
): void {
  for (let y = 0; y < height; y++) {
    const first = source + (<usize>load<u32>(starts + ((<usize>y) << 2))) * rowBytes;
    for (let x: usize = 0; x < width; x += 16) {
      let from = first + x;
      let pair = weights;
      let high0 = i32x4.splat(0), high1 = high0, high2 = high0, high3 = high0;
      let low0 = i32x4.splat(HALF), low1 = low0, low2 = low0, low3 = low0;
      for (let k = 0; k < pairs; k++) {
        const a = v128.load(from);
        const b = v128.load(from + rowBytes);
        const left = i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const right = i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        const taps0 = i16x8.extend_low_i8x16_u(left);
        const taps1 = i16x8.extend_high_i8x16_u(left);
        const taps2 = i16x8.extend_low_i8x16_u(right);
        const taps3 = i16x8.extend_high_i8x16_u(right);
        const high = v128.load32_splat(pair);
        high0 = i32x4.add(high0, i32x4.dot_i16x8_s(taps0, high));
        high1 = i32x4.add(high1, i32x4.dot_i16x8_s(taps1, high));
        high2 = i32x4.add(high2, i32x4.dot_i16x8_s(taps2, high));
        high3 = i32x4.add(high3, i32x4.dot_i16x8_s(taps3, high));
        const low = v128.load32_splat(pair + 4);
        low0 = i32x4.add(low0, i32x4.dot_i16x8_s(taps0, low));
        low1 = i32x4.add(low1, i32x4.dot_i16x8_s(taps1, low));
        low2 = i32x4.add(low2, i32x4.dot_i16x8_s(taps2, low));
        low3 = i32x4.add(low3, i32x4.dot_i16x8_s(taps3, low));
        from += 2 * rowBytes;
        pair += PAIR;
      }
      const words0 = i16x8.narrow_i32x4_s(whole(high0, low0), whole(high1, low1));
      const words1 = i16x8.narrow_i32x4_s(whole(high2, low2), whole(high3, low3));
      v128.store(out + x, i8x16.narrow_i16x8_u(words0, words1));
    }
    weights += (<usize>pairs) * PAIR;
    out += width;
  }
}
