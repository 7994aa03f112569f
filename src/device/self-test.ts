/**
 * A few known answers from any device, for `attune doctor`: they tell a broken driver from a broken model.
 * CPU workers have its kernel beside those of the operations.
 */
import type { Backend } from './backend.js';
import { hostArray, type TypedArray } from './dtype.js';
import { flatGrid, POINTWISE_WORKGROUP } from './grid.js';
import type { BufferRange, CpuCall, Kernel } from './kernel.js';

export interface SelfTest {
  readonly name: string;
  readonly ok: boolean;
}

interface Attributes {
  readonly n: number;
}

/** out[4 i ...] = a + b, a * b, step value 0, 1 where a is NaN. See shaders/device/self-test.wgsl. */
export const selfTestKernel: Kernel<Attributes> = {
  name: 'selfTest',
  bindings: [
    { name: 'a', access: 'read' },
    { name: 'b', access: 'read' },
    { name: 'out', access: 'write' },
  ],
  shader: {
    variants: {
      plain: {
        file: 'device/self-test.wgsl',
        libraries: ['grid.wgsl', 'step.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ n }) => flatGrid(n, POINTWISE_WORKGROUP),
      },
    },
    choose: () => 'plain',
    words: ({ n }) => [n],
    readsStep: true,
  },
  cpu: {
    units: ({ n }) => n,
    run({ operands: [a, b, out], step, begin, end }: CpuCall<Attributes>) {
      for (let i = begin; i < end; i++) {
        out[4 * i] = a[i] + b[i];
        out[4 * i + 1] = a[i] * b[i];
        out[4 * i + 2] = step[0];
        out[4 * i + 3] = Number.isNaN(a[i]) ? 1 : 0;
      }
    },
  },
};

const A = [1, -2.5, 1024, 0.125, Number.NaN, Number.POSITIVE_INFINITY, -0.75];
const B = [2, 0.5, -3, 8, 1, 1, -4];
const STEP = 0.5;
/** The self-test of what kernels do without where it fails. */
export const SUBGROUPS = 'subgroup operations';
/** What the output holds before the kernel writes it, to see that it does. */
const UNTOUCHED = 7;

/** Runs the checks. Never throws: a check that throws has failed. */
export async function selfTest(backend: Backend): Promise<SelfTest[]> {
  const checks: [string, (backend: Backend) => Promise<boolean>][] = [
    ['new memory is zero', zeroAtFirst],
    ['memory round trip', roundTrip],
    ['float32 arithmetic', arithmetic],
    ['step values', stepValues],
    ['NaN by its bits', nanByBits],
  ];
  const results: SelfTest[] = [];
  for (const [name, check] of checks) {
    results.push({ name, ok: await check(backend).catch(() => false) });
  }
  const { features, distrusted = [] } = backend.info;
  // Put to the test when the adapter was opened (subgroup-test.ts): kernels have done without them since.
  if (features.includes('subgroups'))
    results.push({ name: SUBGROUPS, ok: !distrusted.includes('subgroups') });
  return results;
}

async function zeroAtFirst(backend: Backend): Promise<boolean> {
  const values = await withRanges(backend, [1000], ([range]) => readBack(backend, range));
  return values.length === 1000 && values.every((value) => value === 0);
}

async function roundTrip(backend: Backend): Promise<boolean> {
  const sent = Array.from({ length: 1000 }, (_, i) => Math.fround(Math.sin(i) * 2 ** (i % 60)));
  const values = await withRanges(backend, [sent.length], ([range]) => {
    backend.write(range, floats(backend, sent));
    return readBack(backend, range);
  });
  return values.length === sent.length && values.every((value, i) => value === sent[i]);
}

/** Sums and products that float32 holds exactly; what is not finite is the business of `nanByBits`. */
async function arithmetic(backend: Backend): Promise<boolean> {
  const out = await runKernel(backend);
  return A.every((a, i) => !Number.isFinite(a) || (out[4 * i] === a + B[i] && out[4 * i + 1] === a * B[i]));
}

async function stepValues(backend: Backend): Promise<boolean> {
  const out = await runKernel(backend);
  return A.every((_, i) => out[4 * i + 2] === STEP);
}

async function nanByBits(backend: Backend): Promise<boolean> {
  const out = await runKernel(backend);
  return A.every((a, i) => out[4 * i + 3] === (Number.isNaN(a) ? 1 : 0));
}

/** The kernel's output for A, B and STEP. */
function runKernel(backend: Backend): Promise<number[]> {
  const n = A.length;
  return withRanges(backend, [n, n, 4 * n], async ([a, b, out]) => {
    backend.write(out, floats(backend, new Array(4 * n).fill(UNTOUCHED)));
    const prepared = await backend.prepare([
      { kernel: selfTestKernel, attributes: { n }, operands: [a, b, out] },
    ]);
    const uploads = [
      { range: a, data: floats(backend, A) },
      { range: b, data: floats(backend, B) },
    ];
    const [values] = await backend.execute(prepared, uploads, [{ kind: 'float', value: STEP }], [out]);
    backend.discard(prepared);
    return Array.from(values);
  });
}

async function readBack(backend: Backend, range: BufferRange): Promise<number[]> {
  const nothing = await backend.prepare([]);
  const [values] = await backend.execute(nothing, [], [], [range]);
  backend.discard(nothing);
  return Array.from(values);
}

/** Memory for float32 ranges of these lengths, given back when `use` is done. */
export async function withRanges<T>(
  backend: Backend,
  lengths: readonly number[],
  use: (ranges: BufferRange[]) => Promise<T>,
): Promise<T> {
  const ranges = lengths.map((length): BufferRange => {
    const buffer = backend.allocate(length * backend.elementBytes('float32'));
    return { buffer, dtype: 'float32', offset: 0, length };
  });
  try {
    return await use(ranges);
  } finally {
    for (const { buffer } of ranges) backend.release(buffer);
  }
}

function floats(backend: Backend, values: readonly number[]): TypedArray {
  const array = hostArray('float32', values.length, backend.precision);
  array.set(values);
  return array;
}
