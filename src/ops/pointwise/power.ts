/**
 * y = a^b; dL/da = b a^(b - 1) dL/dy, 0 where b is 0; dL/db = y ln(a) dL/dy, 0 where a is 0 and b is not below it; both summed
 * over what was broadcast. Edges are those of PyTorch: 0^0, NaN^0 and 1^NaN are 1, and below 0 only whole exponents give numbers.
 */
import type { Kernel } from '../../device/kernel.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit } from '../core/apply.js';
import { operand } from '../core/constant.js';
import { sumTo } from '../shape/broadcast.js';
import { multiply } from './multiply.js';
import { type BinaryAttributes, binaryAttributes, binaryKernel, binaryOperation } from './pointwise.js';

const LIBRARIES = ['power.wgsl'];

export const powerKernel = binaryKernel('power', powerOf, false, LIBRARIES);

/** dy/da. */
export const powerBaseGradientKernel = binaryKernel(
  'powerBaseGradient',
  (a, b) => (b === 0 ? 0 : b * powerOf(a, b - 1)),
  false,
  LIBRARIES,
);

/** dy/db. */
export const powerExponentGradientKernel = binaryKernel(
  'powerExponentGradient',
  (a, b) => (a === 0 && b >= 0 ? 0 : powerOf(a, b) * Math.log(a)),
  false,
  LIBRARIES,
);

export const powerOperation = binaryOperation(powerKernel, ({ inputs: [a, b], gradient, wanted }) => {
  const along = (kernel: Kernel<BinaryAttributes>) => {
    const { shape } = gradient;
    return multiply(gradient, emit(kernel, binaryAttributes(a.shape, b.shape, shape), [a, b], shape));
  };
  return [
    wanted[0] ? sumTo(along(powerBaseGradientKernel), a.shape) : null,
    wanted[1] ? sumTo(along(powerExponentGradientKernel), b.shape) : null,
  ];
});

/** In C, and so in PyTorch, 1^b is 1 for every b, and (-1)^infinity, too; in JavaScript they may be NaN. */
function powerOf(a: number, b: number): number {
  if (a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY)) return 1;
  return a ** b;
}

/** a to the power of b, element by element, with broadcasting. float32; a number stands for a tensor of rank 0. */
export function power(a: TensorLike | number, b: TensorLike | number): Tensor {
  return apply(powerOperation, null, [operand(a), operand(b)]);
}
