/** y = x s(1.702 x) with s(v) = 1 / (1 + e^-v), the GELU that CLIP was trained with; dy/dx = s + 1.702 x s (1 - s). */
import { gateDerivative } from './gate.js';
import { unary } from './pointwise.js';

const RATE = 1.702;

/** x / (1 + e^(-1.702 x)), element by element: the quick approximation of gelu. float32, any shape. */
export const quickGelu = unary({
  name: 'quickGelu',
  forward: (x) => x / (1 + Math.exp(-RATE * x)),
  derivative: (x) => gateDerivative(RATE * x, RATE * x),
  from: 'input',
  half: true,
  libraries: ['gate.wgsl'],
});
