/** A float16 copy of a float32 operand, which mixed-precision programs make of weights (program/half.ts). */
import { flatGrid, POINTWISE_WORKGROUP } from './grid.js';
import type { CpuCall, Kernel } from './kernel.js';

interface Attributes {
  readonly count: number;
}

/** y[i] = x[i], rounded to what y is stored as. */
export const halfCopyKernel: Kernel<Attributes> = {
  name: 'halfCopy',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'y', access: 'write', half: true },
  ],
  shader: {
    variants: {
      flat: {
        file: 'device/half-copy.wgsl',
        libraries: ['grid.wgsl', 'pointwise-unary.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ count }) => flatGrid(count, POINTWISE_WORKGROUP),
      },
    },
    choose: () => 'flat',
    words: ({ count }) => [count],
  },
  cpu: {
    units: ({ count }) => count,
    run({ operands: [x, y], begin, end }: CpuCall<Attributes>) {
      for (let i = begin; i < end; i++) y[i] = x[i];
    },
  },
};
