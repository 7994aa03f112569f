/** y = sin(x), x in radians; dy/dx = cos(x). */
import { unary } from './pointwise.js';

/** The sine, element by element. float32, any shape; in shaders to about 1e-6, however large x is. NaN at infinities. */
export const sin = unary({
  name: 'sin',
  forward: Math.sin,
  derivative: Math.cos,
  from: 'input',
  libraries: ['circular.wgsl'],
});
