/** y = x s(x) with s(x) = 1 / (1 + e^-x), also called swish; dy/dx = s (1 + x (1 - s)). */
import { gateDerivative } from './gate.js';
import { unary } from './pointwise.js';

/** x / (1 + e^-x), element by element. float32, any shape. */
export const silu = unary({
  name: 'silu',
  forward: (x) => x / (1 + Math.exp(-x)),
  derivative: (x) => gateDerivative(x, x),
  from: 'input',
  half: true,
  libraries: ['gate.wgsl'],
});
