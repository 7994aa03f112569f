/** Gaussian blur of images as bytes [n, height, width, 3], whole rows at a time: src/ops/image/gaussian-blur.ts. */
import { advance, read } from './lanes';

/** Position -1 is 1, and `size` is `size - 2`. */
// @ts-ignore: decorator
@inline
function mirrored(position: i32, size: i32): i32 {
  const inside = abs(position);
  return inside < size ? inside : 2 * size - 2 - inside;
}

/** Rows first <= row < last of all images: bytes to floats, a weighted sum along columns. */
export function gaussianBlurColumns(
  images: usize, weights: usize, y: usize, first: i32, last: i32, height: i32, width: i32, taps: i32,
): void {
  const line = <usize>width * 3;
  for (let row = first; row < last; row++) {
    const image = row / height;
    const top = image * height;
    const shares = weights + <usize>(image * taps) * 4;
    const to = y + <usize>row * line * 4;
    let i: usize = 0;
    for (; i + 16 <= line; i += 16) {
      let sum0 = f32x4.splat(0), sum1 = sum0, sum2 = sum0, sum3 = sum0;
      for (let tap = 0; tap < taps; tap++) {
        const place = mirrored(row - top + tap - (taps >> 1), height);
        const bytes = v128.load(images + <usize>(top + place) * line + i);
        const share = v128.load32_splat(shares + <usize>tap * 4);
        const low = i16x8.extend_low_i8x16_u(bytes), high = i16x8.extend_high_i8x16_u(bytes);
        sum0 = f32x4.add(sum0, f32x4.mul(share, f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(low))));
        sum1 = f32x4.add(sum1, f32x4.mul(share, f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(low))));
        sum2 = f32x4.add(sum2, f32x4.mul(share, f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(high))));
        sum3 = f32x4.add(sum3, f32x4.mul(share, f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(high))));
      }
      v128.store(to + i * 4, sum0);
      v128.store(to + i * 4, sum1, 16);
      v128.store(to + i * 4, sum2, 32);
      v128.store(to + i * 4, sum3, 48);
    }
    for (; i < line; i++) {
      let sum: f32 = 0;
      for (let tap = 0; tap < taps; tap++) {
        const place = mirrored(row - top + tap - (taps >> 1), height);
        sum += load<f32>(shares + <usize>tap * 4) * <f32>load<u8>(images + <usize>(top + place) * line + i);
      }
      store<f32>(to + i * 4, sum);
    }
  }
}

/**
 * The same rows: floats to bytes, a weighted sum along the row. `workspace` holds a row with `taps / 2` mirrored pixels
 * on each side, so that every tap is the row from another place on.
 */
export function gaussianBlurRows(
  columns: usize, weights: usize, y: usize, workspace: usize,
  first: i32, last: i32, height: i32, width: i32, taps: i32,
): void {
  const line = <usize>width * 3;
  for (let row = first; row < last; row++) {
    const shares = weights + <usize>((row / height) * taps) * 4;
    extend(workspace, columns + <usize>row * line * 4, width, taps >> 1);
    const to = y + <usize>row * line;
    for (let i: usize = 0; i < line; ) {
      const step = advance((line - i) * 4);
      const one = step < 16;
      let sum = f32x4.splat(0);
      for (let tap = 0; tap < taps; tap++) {
        const values = read(workspace + (i + <usize>tap * 3) * 4, one);
        sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(shares + <usize>tap * 4), values));
      }
      const whole = i32x4.trunc_sat_f32x4_u(f32x4.nearest(sum));
      const bytes = i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_u(whole, whole), whole);
      if (one) v128.store8_lane(to + i, bytes, 0);
      else v128.store32_lane(to + i, bytes, 0);
      i += step / 4;
    }
  }
}

/** Writes `radius` mirrored pixels, the row's `width` pixels, and `radius` mirrored ones. */
function extend(to: usize, row: usize, width: i32, radius: i32): void {
  for (let place = -radius; place < 0; place++, to += 12) copyPixel(to, row, mirrored(place, width));
  memory.copy(to, row, <usize>width * 12);
  to += <usize>width * 12;
  for (let place = width; place < width + radius; place++, to += 12) copyPixel(to, row, mirrored(place, width));
}

function copyPixel(to: usize, row: usize, place: i32): void {
  for (let channel: usize = 0; channel < 12; channel += 4)
    store<f32>(to + channel, load<f32>(row + <usize>place * 12 + channel));
}
