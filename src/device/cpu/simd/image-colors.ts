/**
 * Colours of four pixels at a time, or of one: the formulas and roundings of src/ops/image/image-colors.ts, to the byte. No
 * fused multiply-add, in either build: it rounds once where the formulas round twice.
 */

// @ts-ignore: decorator
@inline
const RED: f32 = 0.2989;
// @ts-ignore: decorator
@inline
const GREEN: f32 = 0.587;
// @ts-ignore: decorator
@inline
const BLUE: f32 = 0.114;

/** The bytes of four pixels, or of one, from `at` on. */
// @ts-ignore: decorator
@inline
function readPixels(at: usize, one: bool): v128 {
  if (one) return v128.load8_lane(at, v128.load16_lane(at, i32x4.splat(0), 0), 2, 2);
  return v128.load32_lane(at, v128.load64_zero(at), 2, 8);
}

/** Writes four pixels, or one, whose red, green and blue are whole numbers from 0 to 255. */
// @ts-ignore: decorator
@inline
function writePixels(at: usize, red: v128, green: v128, blue: v128, one: bool): void {
  const words = v128.or(red, v128.or(i32x4.shl(green, 8), i32x4.shl(blue, 16)));
  if (one) {
    v128.store16_lane(at, words, 0);
    v128.store8_lane(at, words, 2, 2);
    return;
  }
  const bytes = v128.shuffle<i8>(words, words, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0, 0, 0, 0);
  v128.store64_lane(at, bytes, 0);
  v128.store32_lane(at, bytes, 2, 8);
}

// @ts-ignore: decorator
@inline
function redOf(bytes: v128): v128 {
  const zero = i32x4.splat(0);
  return f32x4.convert_i32x4_s(
    v128.shuffle<i8>(bytes, zero, 0, 16, 16, 16, 3, 16, 16, 16, 6, 16, 16, 16, 9, 16, 16, 16),
  );
}

// @ts-ignore: decorator
@inline
function greenOf(bytes: v128): v128 {
  const zero = i32x4.splat(0);
  return f32x4.convert_i32x4_s(
    v128.shuffle<i8>(bytes, zero, 1, 16, 16, 16, 4, 16, 16, 16, 7, 16, 16, 16, 10, 16, 16, 16),
  );
}

// @ts-ignore: decorator
@inline
function blueOf(bytes: v128): v128 {
  const zero = i32x4.splat(0);
  return f32x4.convert_i32x4_s(
    v128.shuffle<i8>(bytes, zero, 2, 16, 16, 16, 5, 16, 16, 16, 8, 16, 16, 16, 11, 16, 16, 16),
  );
}

/** factor x + rest other, cut off to a whole number from 0 to 255; 0 where it is NaN, as bytes are. */
// @ts-ignore: decorator
@inline
export function blend(x: v128, other: v128, factor: v128, rest: v128): v128 {
  const sum = f32x4.add(f32x4.mul(factor, x), f32x4.mul(rest, other));
  return i32x4.trunc_sat_f32x4_s(f32x4.min(f32x4.splat(255), f32x4.max(f32x4.splat(0), sum)));
}

/** Blends each of `count` pixels with its grey. */
export function saturate(from: usize, to: usize, count: i32, amount: f32, remaining: f32): void {
  const factor = f32x4.splat(amount), rest = f32x4.splat(remaining);
  while (count > 0) {
    const one = count < 4;
    const bytes = readPixels(from, one);
    const red = redOf(bytes), green = greenOf(bytes), blue = blueOf(bytes);
    const grey = f32x4.trunc(
      f32x4.add(
        f32x4.add(f32x4.mul(f32x4.splat(RED), red), f32x4.mul(f32x4.splat(GREEN), green)),
        f32x4.mul(f32x4.splat(BLUE), blue),
      ),
    );
    writePixels(
      to, blend(red, grey, factor, rest), blend(green, grey, factor, rest), blend(blue, grey, factor, rest), one,
    );
    from += one ? 3 : 12;
    to += one ? 3 : 12;
    count -= one ? 1 : 4;
  }
}

/** Turns the hue of each of `count` pixels by `amount` of the colour circle. */
export function turnHue(from: usize, to: usize, count: i32, amount: f32): void {
  const shift = f32x4.splat(amount);
  const none = f32x4.splat(0), unit = f32x4.splat(1), most = f32x4.splat(255);
  while (count > 0) {
    const one = count < 4;
    const bytes = readPixels(from, one);
    const red = f32x4.div(redOf(bytes), most);
    const green = f32x4.div(greenOf(bytes), most);
    const blue = f32x4.div(blueOf(bytes), most);
    const largest = f32x4.max(red, f32x4.max(green, blue));
    const range = f32x4.sub(largest, f32x4.min(red, f32x4.min(green, blue)));
    const grey = f32x4.eq(range, none);
    const divisor = v128.bitselect(unit, range, grey);
    const saturation = f32x4.div(range, v128.bitselect(unit, largest, grey));
    const fromRed = f32x4.div(f32x4.sub(largest, red), divisor);
    const fromGreen = f32x4.div(f32x4.sub(largest, green), divisor);
    const fromBlue = f32x4.div(f32x4.sub(largest, blue), divisor);
    const sector = v128.bitselect(
      f32x4.sub(fromBlue, fromGreen),
      v128.bitselect(
        f32x4.sub(f32x4.add(f32x4.splat(2), fromRed), fromBlue),
        f32x4.sub(f32x4.add(f32x4.splat(4), fromGreen), fromRed),
        f32x4.eq(largest, green),
      ),
      f32x4.eq(largest, red),
    );
    const around = f32x4.add(f32x4.div(sector, f32x4.splat(6)), unit);
    const within = v128.bitselect(f32x4.sub(around, unit), around, f32x4.ge(around, unit));
    const turned = f32x4.add(within, shift);
    const six = f32x4.mul(f32x4.splat(6), f32x4.sub(turned, f32x4.floor(turned)));
    const whole = f32x4.floor(six);
    const fraction = f32x4.sub(six, whole);
    const top = i32x4.trunc_sat_f32x4_s(f32x4.mul(largest, most));
    const low = part(largest, saturation);
    const falling = part(largest, f32x4.mul(saturation, fraction));
    const rising = part(largest, f32x4.mul(saturation, f32x4.sub(unit, fraction)));
    const sixth = v128.bitselect(none, whole, f32x4.eq(whole, f32x4.splat(6)));
    writePixels(
      to,
      choose(sixth, 5, 0, 1, 4, top, falling, rising, low),
      choose(sixth, 1, 2, 3, 0, top, falling, rising, low),
      choose(sixth, 3, 4, 5, 2, top, falling, rising, low),
      one,
    );
    from += one ? 3 : 12;
    to += one ? 3 : 12;
    count -= one ? 1 : 4;
  }
}

/** value (1 - less) as a byte. */
// @ts-ignore: decorator
@inline
function part(value: v128, less: v128): v128 {
  const rest = f32x4.mul(value, f32x4.sub(f32x4.splat(1), less));
  return i32x4.trunc_sat_f32x4_s(f32x4.mul(f32x4.splat(255), rest));
}

/** `top` in two sectors of the colour circle, `falling` in one, `rising` in one, and `low` in the others. */
// @ts-ignore: decorator
@inline
function choose(
  sixth: v128, top1: f32, top2: f32, falls: f32, rises: f32, top: v128, falling: v128, rising: v128, low: v128,
): v128 {
  const atTop = v128.or(f32x4.eq(sixth, f32x4.splat(top1)), f32x4.eq(sixth, f32x4.splat(top2)));
  const edge = v128.bitselect(rising, low, f32x4.eq(sixth, f32x4.splat(rises)));
  return v128.bitselect(top, v128.bitselect(falling, edge, f32x4.eq(sixth, f32x4.splat(falls))), atTop);
}
