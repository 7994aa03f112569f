/** The operations on one tensor, element by element: one line each, and everything that must know them reads it. */
export { abs } from './abs.js';
export { cos } from './cos.js';
export { erf } from './erf.js';
export { exp } from './exp.js';
export { floor } from './floor.js';
export { log } from './log.js';
export { negate } from './negate.js';
export { quickGelu } from './quick-gelu.js';
export { relu } from './relu.js';
export { relu6 } from './relu6.js';
export { sigmoid } from './sigmoid.js';
export { silu } from './silu.js';
export { sin } from './sin.js';
export { sqrt } from './sqrt.js';
export { square } from './square.js';
export { tanh } from './tanh.js';
