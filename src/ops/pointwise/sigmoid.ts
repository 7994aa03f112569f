/** y = 1 / (1 + e^-x); dy/dx = y (1 - y). */
import { unary } from './pointwise.js';

/** 1 / (1 + e^-x), element by element. float32, any shape. */
export const sigmoid = unary({
  name: 'sigmoid',
  forward: (x) => 1 / (1 + Math.exp(-x)),
  derivative: (y) => y * (1 - y),
  from: 'output',
});
