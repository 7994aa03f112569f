/**
 * The taps of a kernel that reach one row (or column) of the input, for the gradient with respect to it:
 * those r, 0 <= r < taps, with  position + pad - r * dilation  a multiple of the stride. They are r_last,
 * r_last - step, ..., and the outputs they come from are start, start + dilation / gcd, ...: the gradient is a
 * convolution of stride 1 over dy, of which positions that are a stride apart share the taps.
 */

/** From one reaching tap to the next. */
export function tapStep(stride: i32, dilation: i32): i32 {
  return stride / commonDivisor(stride, dilation);
}

/** From the output of one reaching tap to that of the next, which is the lower tap. */
export function outputStep(stride: i32, dilation: i32): i32 {
  return dilation / commonDivisor(stride, dilation);
}

/** The last tap that reaches `place` = position + pad; -1 when none does. */
export function lastReaching(place: i32, stride: i32, dilation: i32, taps: i32): i32 {
  for (let tap = taps - 1; tap >= 0; tap--) {
    if ((place - tap * dilation) % stride == 0) return tap;
  }
  return -1;
}

/** How many taps reach, when `last` is the last. */
export function countReaching(last: i32, step: i32): i32 {
  return last < 0 ? 0 : last / step + 1;
}

function commonDivisor(a: i32, b: i32): i32 {
  while (b != 0) {
    const rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}
