/** Dimensions of a host array in another order, for state dicts: layouts of weights differ between libraries. */
import type { Shape } from '../tensor/shape.js';
import { stridesOf } from '../tensor/shape.js';

/** The shape whose dimension d is dimension axes[d] of `shape`. */
export function permuteShape(shape: Shape, axes: readonly number[]): number[] {
  return axes.map((axis) => shape[axis]);
}

/** The order that undoes `axes`. */
export function inverseAxes(axes: readonly number[]): number[] {
  return axes.map((_, d) => axes.indexOf(d));
}

/** A copy of row-major `values` of `shape`, with dimension axes[d] at place d. Rank at most 4. */
export function permuteValues<T extends Float32Array | Float64Array>(
  values: T,
  shape: Shape,
  axes: readonly number[],
): T {
  const result = values.slice() as T;
  permuteInto(result, values, shape, axes);
  return result;
}

/** Permutes arrays where they lie, by way of one copy whose memory they share: nothing is left to be collected. */
export class Permuter {
  #memory = new ArrayBuffer(0);

  /** As `permuteValues`, but `values` themselves are changed. */
  permute(values: Float32Array | Float64Array, shape: Shape, axes: readonly number[]): void {
    if (this.#memory.byteLength < values.byteLength) this.#memory = new ArrayBuffer(values.byteLength);
    const Floats = values instanceof Float64Array ? Float64Array : Float32Array;
    const copy = new Floats(this.#memory, 0, values.length);
    copy.set(values);
    permuteInto(values, copy, shape, axes);
  }
}

function permuteInto(
  result: Float32Array | Float64Array,
  values: Float32Array | Float64Array,
  shape: Shape,
  axes: readonly number[],
): void {
  const strides = stridesOf(shape);
  const missing = 4 - axes.length;
  const [n0, n1, n2, n3] = [...new Array<number>(missing).fill(1), ...permuteShape(shape, axes)];
  const [s0, s1, s2, s3] = [...new Array<number>(missing).fill(0), ...axes.map((axis) => strides[axis])];
  let at = 0;
  for (let i = 0; i < n0; i++) {
    for (let j = 0; j < n1; j++) {
      for (let k = 0; k < n2; k++) {
        let from = i * s0 + j * s1 + k * s2;
        for (let l = 0; l < n3; l++, from += s3) result[at++] = values[from];
      }
    }
  }
}
