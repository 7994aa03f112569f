/** What the SIMD module exports: the entries that kernels name in src/ops/*-simd.ts. */
export { conv2d } from './conv2d';
export { matmul } from './matmul';
