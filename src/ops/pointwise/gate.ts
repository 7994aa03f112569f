/** What activations x s(v) with s(v) = 1 / (1 + e^-v) have in common: silu, and the approximations of gelu. */

/**
 * The derivative s + x v' s (1 - s), given v and x v'. Without 1 - s, which would lose digits; and where x v' leaves the
 * numbers it is far beyond what s (1 - s) = 0 leaves of it. shaders/lib/gate.wgsl does the same.
 */
export function gateDerivative(v: number, xTimesSlope: number): number {
  const e = Math.exp(-Math.abs(v));
  const larger = 1 / (1 + e);
  const smaller = e * larger;
  const bounded = Math.min(Math.max(xTimesSlope, -Number.MAX_VALUE), Number.MAX_VALUE);
  return (v < 0 ? smaller : larger) + bounded * smaller * larger;
}
