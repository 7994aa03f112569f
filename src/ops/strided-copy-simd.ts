/** The entry of copies along contiguous runs into the WebAssembly SIMD module (src/device/cpu/simd/strided-copy.ts). */
import type { SimdEntry } from '../device/kernel.js';
import { flatRange } from './flat.js';
import type { StridedCopyAttributes } from './strided-copy.js';

/** The copy's dimensions with those joined that are one in both arrays; six, as in the attributes. */
interface Runs {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly outStrides: readonly number[];
}

/** Joins a dimension to the one after it where both arrays go on without a gap. Ones are left out. */
function joined({ shape, strides, outStrides }: StridedCopyAttributes): Runs {
  const result = { shape: [] as number[], strides: [] as number[], outStrides: [] as number[] };
  for (let d = shape.length - 1; d >= 0; d--) {
    if (shape[d] === 1) continue;
    const [size, stride, outStride] = [result.shape[0], result.strides[0], result.outStrides[0]];
    if (strides[d] === stride * size && outStrides[d] === outStride * size) {
      result.shape[0] = size * shape[d];
    } else {
      result.shape.unshift(shape[d]);
      result.strides.unshift(strides[d]);
      result.outStrides.unshift(outStrides[d]);
    }
  }
  const pad = (values: number[], filler: number) => [...new Array(6 - values.length).fill(filler), ...values];
  if (result.shape.length === 0) return { shape: pad([], 1), strides: pad([], 1), outStrides: pad([], 1) };
  return {
    shape: pad(result.shape, 1),
    strides: pad(result.strides, 0),
    outStrides: pad(result.outStrides, 0),
  };
}

export const stridedCopySimd: SimdEntry<StridedCopyAttributes> = {
  entry: 'stridedCopy',
  suits(attributes) {
    const { strides, outStrides } = joined(attributes);
    return strides[5] === 1 && outStrides[5] === 1;
  },
  arguments(attributes, [x, out], begin, end) {
    const { shape, strides, outStrides } = joined(attributes);
    const { count, offset, outOffset } = attributes;
    return [
      ...[x, out, ...flatRange(count, begin, end), offset, outOffset],
      ...[...shape.slice(1), ...strides.slice(0, 5), ...outStrides.slice(0, 5)],
    ];
  },
};
