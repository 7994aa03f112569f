/** y = min(max(x / 6 + 1 / 2, 0), 1), a sigmoid of straight lines; dy/dx = 1 / 6 where 0 < y < 1, else 0. */
import { unary } from './pointwise.js';

/** min(max(x / 6 + 1 / 2, 0), 1), element by element, as torch.nn.functional.hardsigmoid. float32, any shape. */
export const hardSigmoid = unary({
  name: 'hardSigmoid',
  forward: (x) => Math.min(Math.max(x / 6 + 0.5, 0), 1),
  derivative: (y) => (y > 0 && y < 1 ? 1 / 6 : 0),
  from: 'output',
  half: true,
});
