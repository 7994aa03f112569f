/** Grids: how many workgroups cover how many elements. */
import type { Grid } from './kernel.js';

/** WebGPU's default limit of workgroups per dimension, which every adapter offers. */
export const MAX_WORKGROUPS = 65_535;

/** Workgroups for `count` independent items, `perGroup` of them each, folded into two dimensions when many. */
export function flatGrid(count: number, perGroup: number): Grid {
  const groups = Math.ceil(count / perGroup);
  if (groups <= MAX_WORKGROUPS) return [groups, 1, 1];
  const rows = Math.ceil(groups / MAX_WORKGROUPS);
  return [Math.ceil(groups / rows), rows, 1];
}

/** Invocations per workgroup of the kernels that have one invocation per element. */
export const POINTWISE_WORKGROUP = 64;
