/** y = max(x, 0); dy/dx = 1 where y > 0, else 0 (0 at x = 0, as PyTorch). */
import { unary } from './pointwise.js';

/** max(x, 0), element by element. float32, any shape. */
export const relu = unary({
  name: 'relu',
  forward: (x) => (x > 0 ? x : x < 0 ? 0 : x),
  derivative: (y) => (y > 0 ? 1 : 0),
  from: 'output',
  half: true,
});
