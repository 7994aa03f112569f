/** y = ln(x); dy/dx = 1 / x. Not a number below 0, -infinity at 0. */
import { unary } from './pointwise.js';

/** The natural logarithm, element by element. float32, any shape. */
export const log = unary({
  name: 'log',
  forward: Math.log,
  derivative: (x) => 1 / x,
  from: 'input',
});
