/**
 * Whether a GPU's subgroup operations do what the shaders take for granted: looked at once, when an adapter is opened. Where
 * they do not, its traits say that it has no subgroups, and no variant with them is chosen or tried.
 */
import type { Backend } from './backend.js';
import { hostArray } from './dtype.js';
import { flatGrid } from './grid.js';
import type { Kernel, Pass } from './kernel.js';
import { withRanges } from './self-test.js';

/** Sizes of the workgroups of the products' register tiles, and of the reduction. */
const WORKGROUPS = [8, 256] as const;
/** Fewer lanes are not used: see the variants' `supports`. */
const LEAST_LANES = 4;
/** Numbers that an invocation stores. */
const RESULTS = 8;

interface Attributes {
  readonly workgroup: (typeof WORKGROUPS)[number];
  readonly count: number;
}

/** `last` is the last lane that tells the others something: register tiles have 4 or 8 such. */
function pass(workgroup: number, last: number): Pass<Attributes> {
  return {
    file: 'device/subgroup-test.wgsl',
    libraries: ['grid.wgsl'],
    constants: { WORKGROUP: workgroup, LAST: last },
    grid: ({ count }) => flatGrid(count, workgroup),
  };
}

/** See shaders/device/subgroup-test.wgsl. Processors have no subgroups. */
export const subgroupTestKernel: Kernel<Attributes> = {
  name: 'subgroupTest',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'out', access: 'write' },
  ],
  shader: {
    variants: Object.fromEntries(
      WORKGROUPS.flatMap((workgroup) =>
        [4, 8].map((lanes) => [`${workgroup} by ${lanes}`, pass(workgroup, lanes - 1)]),
      ),
    ),
    choose: ({ workgroup }, { minSubgroupLanes }) => `${workgroup} by ${minSubgroupLanes >= 8 ? 8 : 4}`,
    words: ({ count }) => [count],
  },
  cpu: { units: () => 0, run() {} },
};

/** Whether the answers of all workgroups are right; true where there are no subgroups that a variant could use. */
export async function subgroupsWork(backend: Backend): Promise<boolean> {
  const least = backend.traits?.minSubgroupLanes ?? 0;
  if (least < LEAST_LANES) return true;
  // One program: both shaders are compiled at once, and their answers are waited for once.
  const lengths = WORKGROUPS.flatMap((workgroup) => [workgroup, RESULTS * workgroup]);
  const answers = await withRanges(backend, lengths, async (ranges) => {
    const inputs = ranges.filter((_, i) => i % 2 === 0);
    const outputs = ranges.filter((_, i) => i % 2 === 1);
    for (const output of outputs) backend.write(output, hostArray('float32', output.length).fill(-1));
    const uploads = inputs.map((range) => {
      return { range, data: Float32Array.from({ length: range.length }, (_, i) => subgroupTestValue(i)) };
    });
    const prepared = await backend.prepare(
      WORKGROUPS.map((workgroup, i) => ({
        kernel: subgroupTestKernel,
        attributes: { workgroup, count: workgroup },
        operands: [inputs[i], outputs[i]],
      })),
    );
    try {
      return await backend.execute(prepared, uploads, [], outputs);
    } finally {
      backend.discard(prepared);
    }
  });
  return WORKGROUPS.every((workgroup, i) => answersAreRight(Array.from(answers[i]), workgroup, least));
}

/** Whole numbers, so that sums are exact in any order, and no two lanes near each other have the same. */
export function subgroupTestValue(i: number): number {
  return (i * 37) % 1021;
}

/** Whether the answers are those of subgroups of `least` lanes or more that lie beside each other in a workgroup. */
export function answersAreRight(out: readonly number[], workgroup: number, least: number): boolean {
  const count = out.length / RESULTS;
  for (let i = 0; i < count; i++) {
    const [size, lane, ...answers] = out.slice(RESULTS * i, RESULTS * (i + 1));
    if (!(size >= least && Number.isInteger(Math.log2(size)))) return false;
    // A workgroup may not fill its only subgroup.
    const lanes = Math.min(size, workgroup);
    if (lane !== i % lanes) return false;
    const first = i - lane;
    const x = (place: number) => subgroupTestValue(first + place);
    let sum = 0;
    for (let place = 0; place < lanes; place++) sum += x(place);
    const last = least >= 8 ? 7 : 3;
    const expected = [sum, x(0), x(last), x(lane ^ 1), x(lane ^ 2), x(lane ^ (lanes / 2))];
    if (expected.some((value, k) => answers[k] !== value)) return false;
  }
  return true;
}
