/**
 * Operations on two operands of which one is repeated along some axes. The result is cut into runs, along which each
 * operand either goes on or stays the same number (src/ops/pointwise/pointwise-simd.ts).
 */
import { pointwise } from './pointwise';

/** Copies of a number that stays the same, in the scratch memory: one for each element of a step along a run. */
const STEP: i32 = 512;

/**
 * y = operation(a, b) for first <= i < last of the shape [n0, n1, n2, n3, n4, run]; a0 .. and b0 .. are the operands'
 * strides in elements, stepA and stepB those along a run: 1 or 0. With run = 0 the operands are of one shape.
 */
export function binary(
  a: usize, b: usize, y: usize, first: i32, last: i32, operation: i32, scratch: usize,
  run: i32, stepA: i32, stepB: i32, n1: i32, n2: i32, n3: i32, n4: i32,
  a0: i32, a1: i32, a2: i32, a3: i32, a4: i32, b0: i32, b1: i32, b2: i32, b3: i32, b4: i32,
): void {
  if (run == 0) {
    pointwise(a, b, y, first, last, operation);
    return;
  }
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
    const atA = a + <usize>(begin * stepA + i0 * a0 + i1 * a1 + i2 * a2 + i3 * a3 + i4 * a4) * 4;
    const atB = b + <usize>(begin * stepB + i0 * b0 + i1 * b1 + i2 * b2 + i3 * b3 + i4 * b4) * 4;
    const atY = y + <usize>first * 4;
    if (stepA == 1 && stepB == 1) pointwise(atA, atB, atY, 0, count, operation);
    else if (stepB == 1) alongRun(scratch, atA, atB, atY, count, operation, true);
    else alongRun(scratch, atB, atA, atY, count, operation, false);
    first += count;
  }
}

/** A run in which the operand at `same` stays the same, the first one when `first`. */
function alongRun(
  scratch: usize, same: usize, other: usize, y: usize, count: i32, operation: i32, first: bool,
): void {
  const value = v128.load32_splat(same);
  const copies = min(count, STEP);
  // A whole vector more than is needed does no harm: the scratch memory has room for STEP of them.
  for (let i = 0; i < copies; i += 4) v128.store(scratch + <usize>i * 4, value);
  for (let from = 0; from < count; from += STEP) {
    const skip = <usize>from * 4;
    const length = min(STEP, count - from);
    if (first) pointwise(scratch, other + skip, y + skip, 0, length, operation);
    else pointwise(other + skip, scratch, y + skip, 0, length, operation);
  }
}
