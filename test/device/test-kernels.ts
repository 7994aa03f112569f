/** Two small kernels to test devices with, and the commands that launch them. */
import type { Backend } from '#src/device/backend';
import type { TypedArray } from '#src/device/dtype';
import { flatGrid, POINTWISE_WORKGROUP } from '#src/device/grid';
import { type BufferRange, type Command, float, type Kernel, type StepValue } from '#src/device/kernel';

export interface AxpyAttributes {
  readonly n: number;
  readonly offset: number;
  readonly hasBias: boolean;
  readonly hasTotal: boolean;
}

/** Shader paths are relative to shaders/. */
const FOLDER = '../test/device/shaders';

/** out = alpha x + offset + bias, total += out; alpha is step value 0. */
export const axpyKernel: Kernel<AxpyAttributes> = {
  name: 'axpy',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'bias', access: 'read', optional: true },
    { name: 'total', access: 'read_write', optional: true },
    { name: 'out', access: 'write', optional: true },
  ],
  shader: {
    variants: {
      plain: {
        file: `${FOLDER}/axpy.wgsl`,
        libraries: ['grid.wgsl', 'step.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ n }) => flatGrid(n, POINTWISE_WORKGROUP),
      },
    },
    choose: () => 'plain',
    words: ({ n, offset, hasBias, hasTotal }) => [n, Number(hasBias), Number(hasTotal), float(offset)],
    readsStep: true,
  },
  cpu: { units: ({ n }) => n, run: () => {} },
};

export interface RowSumAttributes {
  readonly rows: number;
  readonly columns: number;
}

/** out[r] = sum over c of x[r, c]. Two variants; 'wide' wants columns in multiples of 4. */
export const rowSumKernel: Kernel<RowSumAttributes> = {
  name: 'rowSum',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'out', access: 'write' },
  ],
  shader: {
    variants: {
      narrow: rowSumVariant(1),
      wide: { ...rowSumVariant(32), suits: ({ columns }) => columns % 4 === 0 },
    },
    choose: () => 'narrow',
    words: ({ rows, columns }) => [rows, columns],
  },
  cpu: { units: ({ rows }) => rows, run: () => {} },
};

function rowSumVariant(workgroup: number) {
  return {
    file: `${FOLDER}/row-sum.wgsl`,
    libraries: ['grid.wgsl'],
    constants: { WORKGROUP: workgroup },
    grid: ({ rows }: RowSumAttributes) => flatGrid(rows, 1),
  };
}

/** New memory for `length` float32 elements, holding `values` when given. */
export function floats(backend: Backend, length: number, values?: ArrayLike<number>): BufferRange {
  const range: BufferRange = { buffer: backend.allocate(4 * length), dtype: 'float32', offset: 0, length };
  if (values !== undefined) backend.write(range, Float32Array.from(values));
  return range;
}

export function axpy(
  x: BufferRange,
  out: BufferRange | null,
  {
    bias = null,
    total = null,
    offset = 0,
  }: { bias?: BufferRange | null; total?: BufferRange | null; offset?: number } = {},
): Command {
  const attributes = { n: x.length, offset, hasBias: bias !== null, hasTotal: total !== null };
  return { kernel: axpyKernel, attributes, operands: [x, bias, total, out] };
}

export function rowSum(x: BufferRange, out: BufferRange, columns: number): Command {
  return { kernel: rowSumKernel, attributes: { rows: out.length, columns }, operands: [x, out] };
}

/** Prepares, runs once, reads `reads`, and gives the preparation back. */
export async function runOnce(
  backend: Backend,
  commands: readonly Command[],
  reads: readonly BufferRange[],
  step: readonly StepValue[] = [],
): Promise<TypedArray[]> {
  const prepared = await backend.prepare(commands);
  try {
    return await backend.execute(prepared, [], step, reads);
  } finally {
    backend.discard(prepared);
  }
}

export function release(backend: Backend, ...ranges: readonly BufferRange[]): void {
  for (const { buffer } of ranges) backend.release(buffer);
}

export function alpha(value: number): StepValue[] {
  return [{ kind: 'float', value }];
}
