/** y = x^(1/2); dy/dx = 1 / (2 y). */
import { unary } from './pointwise.js';

/** The square root, element by element. float32, any shape. */
export const sqrt = unary({
  name: 'sqrt',
  forward: Math.sqrt,
  derivative: (y) => 0.5 / y,
  from: 'output',
});
