/** y = tanh(x); dy/dx = 1 - y^2. */
import { unary } from './pointwise.js';

/** The hyperbolic tangent, element by element. float32, any shape. */
export const tanh = unary({
  name: 'tanh',
  forward: Math.tanh,
  derivative: (y) => 1 - y * y,
  from: 'output',
});
