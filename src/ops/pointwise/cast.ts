/**
 * Whole numbers as float32: labels, masks, or the bytes of an image; and float32 as whole numbers: what is behind the point is
 * cut off. What int32 cannot hold becomes the nearest number that it can; a NaN the lowest, which no index is.
 */
import type { DType } from '../../device/dtype.js';
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import type { Kernel, Variant } from '../../device/kernel.js';
import { shapeError } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import { asTensor, type Tensor, type TensorLike } from '../../tensor/tensor.js';
import { apply, emit } from '../core/apply.js';
import { flatRange, flatUnits } from '../core/flat.js';

/** What tensors can be cast to. */
export type CastDType = 'float32' | 'int32';

interface CastAttributes {
  readonly count: number;
  readonly from: DType;
  readonly to: CastDType;
}

/** How the shader reads a word: as i32, as u32, or as four bytes. */
const SOURCE_CODE = { int32: 0, uint32: 1, uint8: 2 } as const;

const [LOWEST, HIGHEST] = [-(2 ** 31), 2 ** 31 - 1];

function variant(file: string, libraries: readonly string[]): Variant<CastAttributes> {
  return {
    file,
    libraries: ['grid.wgsl', ...libraries],
    constants: { WORKGROUP: POINTWISE_WORKGROUP },
    grid: ({ count }) => flatGrid(count, POINTWISE_WORKGROUP),
    suits: ({ to }) => (to === 'int32') === (file === 'pointwise/cast-int32.wgsl'),
  };
}

export const castKernel: Kernel<CastAttributes> = {
  name: 'cast',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  shader: {
    variants: {
      flat: variant('pointwise/cast.wgsl', []),
      int32: variant('pointwise/cast-int32.wgsl', ['is-nan.wgsl']),
    },
    choose: ({ to }) => (to === 'int32' ? 'int32' : 'flat'),
    words: ({ count, from }) => [count, SOURCE_CODE[from as keyof typeof SOURCE_CODE] ?? 0],
  },
  cpu: {
    units: flatUnits,
    run({ attributes: { count, to }, operands: [x, y], begin, end }) {
      const [first, last] = flatRange(count, begin, end);
      if (to === 'int32') for (let i = first; i < last; i++) y[i] = wholeOf(x[i]);
      else for (let i = first; i < last; i++) y[i] = x[i];
    },
  },
};

function wholeOf(value: number): number {
  return Number.isNaN(value) ? LOWEST : Math.max(LOWEST, Math.min(HIGHEST, Math.trunc(value)));
}

interface CastTo {
  readonly to: CastDType;
}

export const castOperation: Operation<CastTo> = {
  name: 'cast',
  shape({ to }, [x]) {
    const known = to === 'int32' ? x.dtype === 'float32' : to === 'float32' && x.dtype in SOURCE_CODE;
    if (!known)
      throw shapeError(
        'cast',
        `dtype ${x.dtype} cannot be cast to ${to}`,
        'int32, uint32 and uint8 become float32, and float32 becomes int32',
      );
    return x.shape;
  },
  forward: ({ to }, [x], shape) => emit(castKernel, { count: x.length, from: x.dtype, to }, [x], shape, to),
  gradient: { notDifferentiable: 'whole numbers have no gradient' },
};

/**
 * `x` (int32, uint32 or uint8) as float32, or `x` (float32) as int32: rounded towards 0, at most what int32 can hold, its
 * lowest number for a NaN. A tensor of the dtype already is given back as it is. Throws AttuneError 'shape' for other dtypes.
 */
export function cast(x: TensorLike, dtype: CastDType = 'float32'): Tensor {
  return x.dtype === dtype ? asTensor(x) : apply(castOperation, { to: dtype }, [x]);
}
