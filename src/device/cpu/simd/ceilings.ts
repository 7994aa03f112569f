/** What a core can do at most, for src/device/ceilings.ts: multiply-adds in registers, and a copy. */
import { multiplyAdd } from './tile';

/**
 * out[u] = the sum of the numbers 1 to 32 after each went through x = scale x + shift `steps` times, for
 * begin <= u < end; `operands` points to scale and shift. The eight vectors are chains that do not wait for each other,
 * and with the two operands they fit into sixteen registers.
 */
export function multiplyAdds(operands: usize, out: usize, begin: i32, end: i32, steps: i32): void {
  const scale = v128.load32_splat(operands);
  const shift = v128.load32_splat(operands, 4);
  for (let unit = begin; unit < end; unit++) {
    let a = f32x4(1, 2, 3, 4);
    let b = f32x4.add(a, f32x4.splat(4));
    let c = f32x4.add(a, f32x4.splat(8));
    let d = f32x4.add(a, f32x4.splat(12));
    let e = f32x4.add(a, f32x4.splat(16));
    let f = f32x4.add(a, f32x4.splat(20));
    let g = f32x4.add(a, f32x4.splat(24));
    let h = f32x4.add(a, f32x4.splat(28));
    for (let step = 0; step < steps; step++) {
      a = multiplyAdd(a, scale, shift);
      b = multiplyAdd(b, scale, shift);
      c = multiplyAdd(c, scale, shift);
      d = multiplyAdd(d, scale, shift);
      e = multiplyAdd(e, scale, shift);
      f = multiplyAdd(f, scale, shift);
      g = multiplyAdd(g, scale, shift);
      h = multiplyAdd(h, scale, shift);
    }
    const first = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
    const second = f32x4.add(f32x4.add(e, f), f32x4.add(g, h));
    const sums = f32x4.add(first, second);
    const low = f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1);
    const high = f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3);
    store<f32>(out + <usize>unit * 4, low + high);
  }
}

/** Copies the blocks begin <= u < end, of `bytes` each. */
export function copyBlocks(x: usize, out: usize, begin: i32, end: i32, bytes: i32): void {
  const first = <usize>begin * bytes;
  memory.copy(out + first, x + first, <usize>(end - begin) * bytes);
}
