/** y = -x; dy/dx = -1. */
import { unary } from './pointwise.js';

/** -x, element by element. float32, any shape. */
export const negate = unary({
  name: 'negate',
  forward: (x) => -x,
  derivative: () => -1,
  from: 'output',
});
