/** Loops over floats end with fewer than four: those are read and written one by one, in a vector's first lane. */

/** Four floats from `at` on; only the first when `one`, the others 0. */
// @ts-ignore: decorator
@inline
export function read(at: usize, one: bool): v128 {
  return one ? v128.load32_zero(at) : v128.load(at);
}

/** Writes four floats, or only the first. */
// @ts-ignore: decorator
@inline
export function write(at: usize, values: v128, one: bool): void {
  if (one) v128.store32_lane(at, values, 0);
  else v128.store(at, values);
}

/** Bytes to the next vector: four floats, or one where fewer are left. */
// @ts-ignore: decorator
@inline
export function advance(left: usize): usize {
  return left >= 16 ? 16 : 4;
}
