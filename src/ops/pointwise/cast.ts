/** Whole numbers as float32: labels, or the bytes of an image. */
import type { DType } from '../../device/dtype.js';
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import type { Kernel } from '../../device/kernel.js';
import { shapeError } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import { asTensor, type Tensor, type TensorLike } from '../../tensor/tensor.js';
import { apply, emit } from '../core/apply.js';
import { flatRange, flatUnits } from '../core/flat.js';

interface CastAttributes {
  readonly count: number;
  readonly from: DType;
}

/** How the shader reads a word: as i32, as u32, or as four bytes. */
const SOURCE_CODE = { int32: 0, uint32: 1, uint8: 2 } as const;

export const castKernel: Kernel<CastAttributes> = {
  name: 'cast',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  shader: {
    variants: {
      flat: {
        file: 'pointwise/cast.wgsl',
        libraries: ['grid.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ count }) => flatGrid(count, POINTWISE_WORKGROUP),
      },
    },
    choose: () => 'flat',
    words: ({ count, from }) => [count, SOURCE_CODE[from as keyof typeof SOURCE_CODE]],
  },
  cpu: {
    units: flatUnits,
    run({ attributes: { count }, operands: [x, y], begin, end }) {
      const [first, last] = flatRange(count, begin, end);
      for (let i = first; i < last; i++) y[i] = x[i];
    },
  },
};

export const castOperation: Operation<null> = {
  name: 'cast',
  shape(_, [x]) {
    if (!(x.dtype in SOURCE_CODE)) throw shapeError('cast', `dtype ${x.dtype} cannot be cast to float32`);
    return x.shape;
  },
  forward: (_, [x], shape) => emit(castKernel, { count: x.length, from: x.dtype }, [x], shape),
  gradient: { notDifferentiable: 'its input is whole numbers' },
};

/** `x` (int32, uint32 or uint8) as float32; a float32 tensor as it is. */
export function cast(x: TensorLike): Tensor {
  return x.dtype === 'float32' ? asTensor(x) : apply(castOperation, null, [x]);
}
