/**
 * The one kernel that moves data: out[outOffset + i . outStrides] = x[offset + i . strides] for every index i of
 * `shape`. Transpose, slice, broadcast, concatenation and padding are this kernel with other strides.
 *
 * What it does not write keeps its value, so several copies can fill one tensor.
 */
import type { DType } from '../../device/dtype.js';
import type { Kernel } from '../../device/kernel.js';
import { currentRecording } from '../../program/recording.js';
import { type Shape, shapeError, sizeOf } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';
import { flatRange, flatUnits, flatVariant } from './flat.js';
import { padFront, padWords, stridedIndex } from './strided.js';
import type { StridedCopyAttributes } from './strided-copy-attributes.js';
import { stridedCopySimd } from './strided-copy-simd.js';

const WGSL_ELEMENT = { float32: 'f32', int32: 'i32', uint32: 'u32' } as const;

const wrapped = (stride: number) => stride >>> 0;

export const stridedCopyKernel: Kernel<StridedCopyAttributes> = {
  name: 'stridedCopy',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'out', access: 'read_write' },
  ],
  shader: {
    variants: flatVariant<StridedCopyAttributes>('core/strided-copy.wgsl', ['strided.wgsl']),
    choose: () => 'flat',
    words: ({ count, shape, strides, offset, outStrides, outOffset }) => [
      count,
      offset,
      outOffset,
      0,
      ...padWords(shape),
      // Backwards is a stride below zero, which as u32 wraps around in the shader's sums.
      ...padWords(strides.map(wrapped)),
      ...padWords(outStrides.map(wrapped)),
    ],
    element: ({ dtype }) => WGSL_ELEMENT[dtype as keyof typeof WGSL_ELEMENT],
  },
  cpu: {
    units: flatUnits,
    run({ attributes, operands: [x, out], begin, end }) {
      const { count, shape, strides, offset, outStrides, outOffset } = attributes;
      const [first, last] = flatRange(count, begin, end);
      for (let i = first; i < last; i++) {
        out[outOffset + stridedIndex(i, shape, outStrides)] = x[offset + stridedIndex(i, shape, strides)];
      }
    },
  },
  simd: stridedCopySimd,
};

/** A region of a tensor's memory: strides of any shape that it is read or written as. */
export interface Region {
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Copies `shape` elements of `x` at `from` into `out` at `to`; both regions index the same shape. */
export function copyRegion(
  operation: string,
  x: Tensor,
  out: Tensor,
  shape: Shape,
  from: Region,
  to: Region,
): void {
  if (!(x.dtype in WGSL_ELEMENT)) {
    throw shapeError(
      operation,
      `tensors of dtype ${x.dtype} cannot be copied in parts`,
      'convert it with cast',
    );
  }
  const count = sizeOf(shape);
  // An empty part of something larger: there is nothing to launch.
  if (count === 0 && out.length > 0) return;
  const attributes: StridedCopyAttributes = {
    count,
    dtype: x.dtype,
    shape: padFront(shape, 1),
    strides: padFront(from.strides, 0),
    offset: from.offset,
    outStrides: padFront(to.strides, 0),
    outOffset: to.offset,
  };
  currentRecording().launch(stridedCopyKernel, attributes, [x.storage, out.storage]);
}

/** New memory of `shape` and `dtype` for copies to fill. */
export function emptyTensor(shape: Shape, dtype: DType): Tensor {
  const recording = currentRecording();
  return new Tensor(recording, recording.temporary(dtype, sizeOf(shape)), shape);
}
