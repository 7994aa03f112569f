/** y = erf(x), the error function; dy/dx = 2 / sqrt(pi) e^(-x^2). */
import { errorFunction } from './error-function.js';
import { unary } from './pointwise.js';

/** The error function, element by element. float32, any shape. */
export const erf = unary({
  name: 'erf',
  forward: errorFunction,
  derivative: (x) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x),
  from: 'input',
  libraries: ['error-function.wgsl'],
});
