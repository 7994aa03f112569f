/** y = cos(x), x in radians; dy/dx = -sin(x). */
import { unary } from './pointwise.js';

/** The cosine, element by element. float32, any shape; in shaders to about 1e-6 for numbers up to 100,000. */
export const cos = unary({
  name: 'cos',
  forward: Math.cos,
  derivative: (x) => -Math.sin(x),
  from: 'input',
  libraries: ['circular.wgsl'],
});
