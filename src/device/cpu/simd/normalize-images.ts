/** Bytes of images as a network wants them: src/ops/image/normalize-images.ts. */

/** What belongs to four elements, of which the first and the last are of the channel that `a` belongs to. */
// @ts-ignore: decorator
@inline
function pattern(a: f32, b: f32, c: f32): v128 {
  return f32x4.replace_lane(f32x4.replace_lane(f32x4.splat(a), 1, b), 2, c);
}

// @ts-ignore: decorator
@inline
function normalized(bytes: v128, mean: v128, deviation: v128): v128 {
  return f32x4.div(f32x4.sub(f32x4.div(f32x4.convert_i32x4_u(bytes), f32x4.splat(255)), mean), deviation);
}

/** y[i] = (x[i] / 255 - mean[i % 3]) / deviation[i % 3] for first <= i < last. */
export function normalizeImages(
  x: usize, y: usize, first: i32, last: i32,
  mean0: f32, mean1: f32, mean2: f32, deviation0: f32, deviation1: f32, deviation2: f32,
): void {
  // Turned so that element `first` is of the first of them.
  for (let channel = first % 3; channel > 0; channel--) {
    const mean = mean0, deviation = deviation0;
    mean0 = mean1; mean1 = mean2; mean2 = mean;
    deviation0 = deviation1; deviation1 = deviation2; deviation2 = deviation;
  }
  const meanA = pattern(mean0, mean1, mean2), deviationA = pattern(deviation0, deviation1, deviation2);
  const meanB = pattern(mean1, mean2, mean0), deviationB = pattern(deviation1, deviation2, deviation0);
  const meanC = pattern(mean2, mean0, mean1), deviationC = pattern(deviation2, deviation0, deviation1);
  let at = x + <usize>first;
  let to = y + <usize>first * 4;
  const end = x + <usize>last;
  // Twelve elements, after which the channels begin anew.
  for (; at + 12 <= end; at += 12) {
    const low = v128.load_ext<u8>(at);
    v128.store(to, normalized(i32x4.extend_low_i16x8_u(low), meanA, deviationA));
    v128.store(to, normalized(i32x4.extend_high_i16x8_u(low), meanB, deviationB), 16);
    const high = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at, 8)));
    v128.store(to, normalized(high, meanC, deviationC), 32);
    to += 48;
  }
  for (let channel = 0; at < end; at++) {
    const mean = channel == 0 ? mean0 : channel == 1 ? mean1 : mean2;
    const deviation = channel == 0 ? deviation0 : channel == 1 ? deviation1 : deviation2;
    store<f32>(to, (<f32>load<u8>(at) / 255 - mean) / deviation);
    channel = channel == 2 ? 0 : channel + 1;
    to += 4;
  }
}
