/** Reading memory whose elements lie in another order than that of their indices. */

import { NUMBERS_AT_ONCE, type Pauses } from '../pauses.js';
import { elementCount } from './tensors.js';

/** Copies a strided view, which begins with the first byte of `span`, into row-major order. */
export async function gather(
  span: Uint8Array,
  shape: readonly number[],
  strides: readonly number[],
  itemSize: number,
  pauses: Pauses,
): Promise<Uint8Array> {
  const count = elementCount(shape) as number;
  const out = new Uint8Array(count * itemSize);
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < out.length; ) {
    if (pauses.due) await pauses.take();
    const end = Math.min(out.length, to + NUMBERS_AT_ONCE * itemSize);
    for (; to < end; to += itemSize) {
      for (let byte = 0; byte < itemSize; byte++) out[to + byte] = span[from * itemSize + byte];
      // Advance the last axis; each axis that is full starts again and advances the one before it.
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        from += strides[axis];
        if (++index[axis] < shape[axis]) break;
        from -= index[axis] * strides[axis];
        index[axis] = 0;
      }
    }
  }
  return out;
}
