/** Tensors of one value: y[i] = value. */
import type { Kernel } from '../../device/kernel.js';
import { float } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';
import { type Shape, shapeError, sizeOf } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit } from './apply.js';
import { type FlatAttributes, flatElements, flatRange, flatUnits, flatVariant } from './flat.js';

interface FillAttributes extends FlatAttributes {
  readonly value: number;
}

export const fillKernel: Kernel<FillAttributes> = {
  name: 'fill',
  bindings: [{ name: 'y', access: 'write' }],
  shader: {
    variants: flatVariant<FillAttributes>('core/fill.wgsl', []),
    choose: () => 'flat',
    words: ({ count, value }) => [count, float(value)],
  },
  cpu: {
    units: flatUnits,
    run({ attributes, operands: [y], begin, end }) {
      const [first, last] = flatRange(attributes.count, begin, end);
      y.fill(attributes.value, first, last);
    },
  },
  simd: simdEntry('fill', {
    arguments: ({ count, value }, [y], begin, end) => ({ y, value, ...flatElements(count, begin, end) }),
  }),
};

interface ConstantAttributes {
  readonly shape: Shape;
  readonly value: number;
}

export const constantOperation: Operation<ConstantAttributes> = {
  name: 'constant',
  shape: ({ shape }) => shape,
  forward: ({ value }, _, shape) => emit(fillKernel, { count: sizeOf(shape), value }, [], shape),
  gradient: { notDifferentiable: 'a constant does not depend on anything' },
};

/** A float32 tensor of `shape` filled with `value`, which may be infinite. -0 becomes 0. Throws AttuneError 'shape' for NaN. */
export function full(shape: Shape, value: number): Tensor {
  if (typeof value !== 'number' || Number.isNaN(value)) {
    throw shapeError(
      'full',
      `${value} is not a number`,
      'if it is meant, pass it as data: tensor([NaN], [])',
    );
  }
  // As plans tell 0 from -0, adding 0 makes them one.
  return apply(constantOperation, { shape, value: value + 0 }, []);
}

/** A float32 tensor of zeros. */
export function zeros(shape: Shape): Tensor {
  return full(shape, 0);
}

/** A float32 tensor of ones. */
export function ones(shape: Shape): Tensor {
  return full(shape, 1);
}

/** A tensor as it is; a number as a tensor of rank 0. */
export function operand(value: TensorLike | number): TensorLike {
  return typeof value === 'number' ? full([], value) : value;
}
