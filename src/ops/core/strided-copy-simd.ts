/** The entry of copies between any strides into the WebAssembly SIMD module (src/device/cpu/simd/strided-copy.ts). */
import type { SimdEntry } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';
import { flatElements, flatUnits } from './flat.js';
import type { StridedCopyAttributes } from './strided-copy-attributes.js';

/** Rows and columns of a tile, as in src/device/cpu/simd/strided-copy.ts. */
const TILE = 64;

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

/**
 * The dimensions in another order where this makes the last two a plane to transpose, tile by tile: the last one
 * contiguous in the output, the one before it in x. Otherwise null.
 */
function planes({ shape, strides, outStrides }: Runs): Runs | null {
  const along = strides.lastIndexOf(1);
  if (along === -1 || along === 5 || outStrides[5] !== 1) return null;
  const order = [0, 1, 2, 3, 4].filter((d) => d !== along).concat(along, 5);
  const ordered = (values: readonly number[]) => order.map((d) => values[d]);
  return { shape: ordered(shape), strides: ordered(strides), outStrides: ordered(outStrides) };
}

/** The tiles first <= i < last of units begin <= u < end: tiles are dealt out evenly. */
function tileRange(
  attributes: StridedCopyAttributes,
  { shape }: Runs,
  begin: number,
  end: number,
): { first: number; last: number } {
  const across = Math.ceil(shape[4] / TILE) * Math.ceil(shape[5] / TILE);
  const tiles = shape.slice(0, 4).reduce((product, size) => product * size, across);
  const units = flatUnits(attributes);
  const [first, last] = [begin, end].map((unit) => Math.floor((tiles * unit) / units));
  return { first, last };
}

export const stridedCopySimd: SimdEntry<StridedCopyAttributes> = simdEntry('stridedCopy', {
  arguments(attributes, [x, out], begin, end) {
    const runs = joined(attributes);
    const tiled = planes(runs);
    const { shape, strides, outStrides } = tiled ?? runs;
    const [, n1, n2, n3, n4, n5] = shape;
    const [s0, s1, s2, s3, s4, s5] = strides;
    const [t0, t1, t2, t3, t4, t5] = outStrides;
    const { count, offset, outOffset } = attributes;
    return {
      x: x + 4 * offset,
      out: out + 4 * outOffset,
      tiled: tiled !== null,
      n1,
      n2,
      n3,
      n4,
      n5,
      s0,
      s1,
      s2,
      s3,
      s4,
      s5,
      t0,
      t1,
      t2,
      t3,
      t4,
      t5,
      ...(tiled ? tileRange(attributes, tiled, begin, end) : flatElements(count, begin, end)),
    };
  },
});
