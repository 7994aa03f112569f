/** y = cos(x), x in radians; dy/dx = -sin(x). */
import { unary } from './pointwise.js';

/** The cosine, element by element. float32, any shape; in shaders to about 1e-6, however large x is. NaN at infinities. */
export const cos = unary({
  name: 'cos',
  forward: Math.cos,
  derivative: (x) => -Math.sin(x),
  from: 'input',
  libraries: ['circular.wgsl'],
});
