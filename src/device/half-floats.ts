/**
 * The numbers behind float16 bits, IEEE 754 binary16: 1 sign, 5 exponent (bias 15) and 10 fraction bits. float32 holds each
 * of them as it is.
 */
export function floatsOfHalves(halves: Uint16Array): Float32Array {
  const out = new Float32Array(halves.length);
  const bits = new Uint32Array(out.buffer);
  for (let i = 0; i < out.length; i++) {
    const half = halves[i];
    const sign = (half & 0x8000) << 16;
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    if (exponent === 0) {
      // A subnormal, or a zero whose sign must survive.
      out[i] = (sign === 0 ? 1 : -1) * fraction * 2 ** -24;
    } else {
      // Infinities and NaNs keep the largest exponent; all others move from bias 15 to bias 127.
      bits[i] = sign | ((exponent === 31 ? 255 : exponent + 112) << 23) | (fraction << 13);
    }
  }
  return out;
}
