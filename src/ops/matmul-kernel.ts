/**
 * The kernel of the matrix product; what it computes stands in matmul-attributes.ts.
 */
import type { Kernel, Variant } from '../device/kernel.js';
import { flatGrid } from '../device/grid.js';
import { EPILOGUE_BINDINGS, epilogueBits } from './epilogue.js';
import type { MatmulAttributes } from './matmul-attributes.js';
import { matmulSimd, matmulUnits } from './matmul-simd.js';

const ROWS=16, WG=8;
const register: Variant<MatmulAttributes> = {
  file: 'matmul-register.wgsl', libraries: ['grid.wgsl','a-vec4.wgsl','b-vec4.wgsl','epilogue.wgsl','register-tile.wgsl'],
  constants: { ROWS, LANES: 8, WORKGROUP: WG },
  grid: ({batch,m,n}) => flatGrid(batch*Math.ceil(m/ROWS)*Math.ceil(n/(4*WG)), 1),
};
export const matmulKernel: Kernel<MatmulAttributes> = {
  name: 'matmul',
  bindings: [{ name: 'a', access: 'read' }, { name: 'b', access: 'read' }, ...EPILOGUE_BINDINGS, { name: 'out', access: 'write' }],
  shader: { variants: { register, scalar: {...register, libraries: ['grid.wgsl','a-scalar.wgsl','b-scalar.wgsl','epilogue.wgsl','register-tile.wgsl']} }, choose: () => 'register',
    words: (a) => [a.batch, a.m, a.n, a.k, a.batchStrideA, a.batchStrideB, Number(a.transposeA), Number(a.transposeB), epilogueBits(a.epilogue)] },
  cpu: { units: matmulUnits, run() {} },
  simd: matmulSimd,
};
