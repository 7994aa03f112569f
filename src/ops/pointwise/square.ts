/** y = x^2; dy/dx = 2 x. */
import { unary } from './pointwise.js';

/** x^2, element by element. float32, any shape. */
export const square = unary({
  name: 'square',
  forward: (x) => x * x,
  derivative: (x) => 2 * x,
  from: 'input',
});
