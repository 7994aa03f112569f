/**
 * The kernel of reductions: a tensor read as [outer, length, inner], reduced along the middle.
 *
 * The order is fixed. `serial` has one invocation per result and adds in order; `workgroup` has one workgroup
 * per result: each of its lanes adds every 64th element in order, then the lanes are added as a tree. `subgroup` is the
 * same with 256 lanes, which tell each other instead of sharing memory: only `attune tune` takes it, where it wins.
 * A mean is a sum that is multiplied by 1 / length before it is stored. Sums of int32 have a kernel of their own, the same
 * shaders with whole numbers.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import { float, type Kernel } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';
import { sizeClass } from '../../device/tuner.js';
import type { Shape } from '../../tensor/shape.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { type AlongAxis, runStart } from './along-axis.js';
import { emit } from './apply.js';

export type Reduction = 'sum' | 'mean' | 'max';

export interface ReduceAttributes extends AlongAxis {
  readonly reduction: Reduction;
}

const REDUCTION_CODE: Readonly<Record<Reduction, number>> = { sum: 0, mean: 0, max: 1 };
/** From this length on a GPU gives a whole workgroup to one result. */
const WORKGROUP_FROM = 256;
/** Lanes of a workgroup whose subgroups add up by themselves: more than memory between them would be worth. */
const SUBGROUP_WORKGROUP = 256;
const INT32_LIBRARIES = ['grid.wgsl', 'reduction-int32.wgsl'];
/** Results per unit of CPU work. */
const CPU_RESULTS = 64;

/** What each result is multiplied by. */
function factorOf({ reduction, length }: ReduceAttributes): number {
  return reduction === 'mean' ? 1 / length : 1;
}

export const reduceKernel: Kernel<ReduceAttributes> = {
  name: 'reduce',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  shader: {
    variants: {
      serial: {
        file: 'core/reduce-serial.wgsl',
        libraries: ['grid.wgsl', 'is-nan.wgsl', 'reduction.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ outer, inner }) => flatGrid(outer * inner, POINTWISE_WORKGROUP),
      },
      workgroup: {
        file: 'core/reduce-workgroup.wgsl',
        libraries: ['grid.wgsl', 'is-nan.wgsl', 'reduction.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ outer, inner }) => flatGrid(outer * inner, 1),
      },
      subgroup: {
        file: 'core/reduce-subgroup.wgsl',
        libraries: ['grid.wgsl', 'is-nan.wgsl', 'reduction.wgsl'],
        constants: { WORKGROUP: SUBGROUP_WORKGROUP },
        grid: ({ outer, inner }) => flatGrid(outer * inner, 1),
        supports: ({ minSubgroupLanes }) => minSubgroupLanes >= 4,
      },
    },
    choose: ({ outer, inner, length }, { software }) =>
      length >= WORKGROUP_FROM && (!software || outer * inner < 16) ? 'workgroup' : 'serial',
    tuning: {
      shapeClass: ({ reduction, outer, length, inner }) =>
        `${reduction} of ${sizeClass(length)}, ${sizeClass(outer)} x ${sizeClass(inner)} times`,
      plain: () => 'serial',
      candidates: () => ['serial', 'workgroup', 'subgroup'],
    },
    words: (attributes) => {
      const { reduction, outer, length, inner } = attributes;
      return [outer * inner, length, inner, REDUCTION_CODE[reduction], float(factorOf(attributes))];
    },
  },
  cpu: {
    units: ({ outer, inner }) => Math.ceil((outer * inner) / CPU_RESULTS),
    run({ attributes, operands: [x, y], begin, end }) {
      const { reduction, outer, length, inner } = attributes;
      const factor = factorOf(attributes);
      const last = Math.min(outer * inner, end * CPU_RESULTS);
      for (let i = begin * CPU_RESULTS; i < last; i++) {
        const start = Math.floor(i / inner) * length * inner + (i % inner);
        let result = reduction === 'max' ? Number.NEGATIVE_INFINITY : 0;
        for (let j = 0; j < length; j++) {
          const value = x[start + j * inner];
          if (reduction === 'max') result = Math.max(result, value);
          else result += value;
        }
        y[i] = result * factor;
      }
    },
  },
  simd: simdEntry('reduce', {
    suits: ({ reduction, inner }) => reduction !== 'max' || inner === 1,
    arguments(attributes, [x, y], begin, end) {
      const { reduction, outer, length, inner } = attributes;
      const elements = { first: begin * CPU_RESULTS, last: Math.min(outer * inner, end * CPU_RESULTS) };
      const largest = reduction === 'max';
      return { x, y, length, inner, largest, factor: factorOf(attributes), ...elements };
    },
  }),
};

export const sumInt32Kernel: Kernel<AlongAxis> = {
  name: 'sumInt32',
  bindings: reduceKernel.bindings,
  shader: {
    variants: {
      serial: { ...reduceKernel.shader.variants.serial, libraries: INT32_LIBRARIES },
      workgroup: { ...reduceKernel.shader.variants.workgroup, libraries: INT32_LIBRARIES },
    },
    choose: (attributes, traits) => reduceKernel.shader.choose({ reduction: 'sum', ...attributes }, traits),
    words: ({ outer, length, inner }) => [outer * inner, length, inner, REDUCTION_CODE.sum, 1],
    element: () => 'i32',
  },
  cpu: {
    units: ({ outer, inner }) => Math.ceil((outer * inner) / CPU_RESULTS),
    run({ attributes, operands: [x, y], begin, end }) {
      const { outer, length, inner } = attributes;
      const last = Math.min(outer * inner, end * CPU_RESULTS);
      for (let i = begin * CPU_RESULTS; i < last; i++) {
        const start = runStart(attributes, i);
        let result = 0;
        for (let j = 0; j < length; j++) result += x[start + j * inner];
        y[i] = result;
      }
    },
  },
};

/**
 * Reduces `axes` of x; the result has them as size 1. Neighbouring axes are reduced by one launch, others one
 * after another from the last.
 */
export function reduceAxes(x: Tensor, axes: readonly number[], reduction: Reduction): Tensor {
  let current = x;
  const remaining = [...axes].sort((a, b) => a - b);
  while (remaining.length > 0) {
    const last = remaining.pop() as number;
    let first = last;
    while (remaining.length > 0 && remaining[remaining.length - 1] === first - 1)
      first = remaining.pop() as number;
    const shape: Shape = current.shape.map((size, d) => (d >= first && d <= last ? 1 : size));
    const attributes = {
      outer: sizeOf(current.shape.slice(0, first)),
      length: sizeOf(current.shape.slice(first, last + 1)),
      inner: sizeOf(current.shape.slice(last + 1)),
    };
    current =
      x.dtype === 'int32'
        ? emit(sumInt32Kernel, attributes, [current], shape, 'int32')
        : emit(reduceKernel, { reduction, ...attributes }, [current], shape);
  }
  return current;
}
