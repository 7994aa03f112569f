/**
 * Kernels that read and write every element once or a few times and compute little: with `open(..., { memory: 'low' })`
 * their results are computed again in the backward pass rather than kept for it (program/recompute.ts).
 */
import type { KernelName } from './kernels.js';

const names: readonly KernelName[] = [
  'scaleShift',
  'batchNormFold',
  'gelu',
  'layerNorm',
  'relu',
  'relu6',
  'hardSwish',
  'silu',
  'add',
  'multiply',
  'normalizeImages',
  'maxPool2d',
  'averagePool2d',
];

export const RECOMPUTABLE: ReadonlySet<string> = new Set(names);
