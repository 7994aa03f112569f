/** y = the largest whole number <= x; dy/dx = 0, also at the steps, as in PyTorch. */
import { unary } from './pointwise.js';

/** x rounded down, element by element. float32, any shape. Its gradient is zero. */
export const floor = unary({
  name: 'floor',
  forward: Math.floor,
  derivative: () => 0,
  from: 'output',
});
