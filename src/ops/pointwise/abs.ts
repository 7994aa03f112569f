/** y = |x|; dy/dx = sign(x), 0 at x = 0. */
import { unary } from './pointwise.js';

/** |x|, element by element. float32, any shape. */
export const abs = unary({
  name: 'abs',
  forward: Math.abs,
  derivative: Math.sign,
  from: 'input',
});
