/** y = min(max(x, 0), 6); dy/dx = 1 where 0 < y < 6, else 0. */
import { unary } from './pointwise.js';

/** min(max(x, 0), 6), element by element. float32, any shape. */
export const relu6 = unary({
  name: 'relu6',
  forward: (x) => Math.min(Math.max(x, 0), 6),
  derivative: (y) => (y > 0 && y < 6 ? 1 : 0),
  from: 'output',
  half: true,
});
