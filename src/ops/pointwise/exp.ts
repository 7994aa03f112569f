/** y = e^x; dy/dx = y. */
import { unary } from './pointwise.js';

/** e^x, element by element. float32, any shape. */
export const exp = unary({
  name: 'exp',
  forward: Math.exp,
  derivative: (y) => y,
  from: 'output',
});
