/** Tensors of up to six dimensions as kernels index them by strides; shaders/lib/strided.wgsl does the same. */
import { MAX_RANK } from '../../tensor/shape.js';

/** Shape padded at the front with 1, strides with 0, to the six dimensions that kernels index. */
export function padFront(values: readonly number[], filler: number): number[] {
  return [...new Array<number>(MAX_RANK - values.length).fill(filler), ...values];
}

/** Position of flat element `index` of a six-dimensional `shape` in memory with these strides. */
export function stridedIndex(index: number, shape: readonly number[], strides: readonly number[]): number {
  let rest = index;
  let position = 0;
  for (let d = MAX_RANK - 1; d >= 0; d--) {
    const next = Math.floor(rest / shape[d]);
    position += (rest - next * shape[d]) * strides[d];
    rest = next;
  }
  return position;
}

/** Six values as two vec4 of a uniform. */
export function padWords(six: readonly number[]): number[] {
  return [...six, 0, 0];
}
