/**
 * Copies a block between two arrays whose last axis is contiguous in both (src/ops/strided-copy-simd.ts), as runs.
 * Elements are 32 bits of any type.
 */
import { copyFloats } from './pack';

/** Copies the elements first <= i < last of the shape [n0, n1, n2, n3, n4, run]; s and t are strides in elements. */
export function stridedCopy(
  x: usize, out: usize, first: i32, last: i32, offset: i32, outOffset: i32,
  n1: i32, n2: i32, n3: i32, n4: i32, run: i32,
  s0: i32, s1: i32, s2: i32, s3: i32, s4: i32,
  t0: i32, t1: i32, t2: i32, t3: i32, t4: i32,
): void {
  while (first < last) {
    let rest = first / run;
    const begin = first % run;
    const count = min(run - begin, last - first);
    const i4 = rest % n4;
    rest /= n4;
    const i3 = rest % n3;
    rest /= n3;
    const i2 = rest % n2;
    rest /= n2;
    const i1 = rest % n1;
    const i0 = rest / n1;
    const from = offset + begin + i0 * s0 + i1 * s1 + i2 * s2 + i3 * s3 + i4 * s4;
    const to = outOffset + begin + i0 * t0 + i1 * t1 + i2 * t2 + i3 * t3 + i4 * t4;
    copyFloats(out + <usize>to * 4, x + <usize>from * 4, count);
    first += count;
  }
}
