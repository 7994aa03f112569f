/** What the SIMD module exports: the entries that kernels name in src/ops/*-simd.ts. */
export { conv2d } from './conv2d';
export { conv2dInputGradient } from './conv2d-input-gradient';
export { conv2dWeightGradient } from './conv2d-weight-gradient';
export { matmul } from './matmul';
