/**
 * What a kernel has around it in a run, and must leave alone: other values behind its operands and in front of its
 * step values, and more workgroups than it needs.
 */
import type { DType } from '#src/device/dtype';
import type { Attributes, Grid, Kernel, StepValue, Variant, Varying } from '#src/device/kernel';
import type { Instance, Operand } from './kernel-instances.js';

/** How many there are behind each operand. */
const COUNT = 8;

/**
 * As a number it changes any sum by more than rounding, and is small enough to leave tolerances as they are; as an
 * index it is a row that most instances have.
 */
const GUARD: Readonly<Record<DType, number>> = {
  float16: 0.75,
  float32: 0.75,
  int32: 1,
  uint32: 1,
  uint8: 1,
};

/** What stands behind operand number `index`: other numbers than behind its neighbours, so that a copy shows. */
export function guardsOf({ dtype }: Operand, index: number): number[] {
  return new Array(COUNT).fill(dtype.startsWith('float') ? GUARD[dtype] + index / 8 : GUARD[dtype]);
}

/** The step values of other launches: as many as move the own ones into another vector. */
const OTHER_STEP_VALUES: readonly StepValue[] = new Array(5).fill({ kind: 'float', value: 0.75 });

/** The same use of a kernel, its operands longer than its attributes say, its step values behind those of others. */
export function withGuards({ attributes, operands, step = [], ...rest }: Instance): Instance {
  const longer = operands.map(
    (operand, index) =>
      operand && {
        dtype: operand.dtype,
        values: [...Array.from(operand.values), ...guardsOf(operand, index)],
      },
  );
  const moved = Object.entries(attributes).map(([name, value]) => [
    name,
    isVarying(value) ? later(value) : value,
  ]);
  return {
    ...rest,
    attributes: Object.fromEntries(moved) as Attributes,
    operands: longer,
    step: [...OTHER_STEP_VALUES, ...step],
  };
}

const isVarying = (value: unknown): value is Varying =>
  typeof value === 'object' && value !== null && 'varying' in value;

const later = ({ varying }: Varying): Varying => ({ varying: varying + OTHER_STEP_VALUES.length });

/** The kernel with workgroups past the last one that it needs, as every folded grid may have: they do nothing. */
export function withMoreWorkgroups<A>(kernel: Kernel<A>): Kernel<A> {
  return withGrid(kernel, ([x, y, z]) => [x, y + 1, z]);
}

/** The kernel without the second half of its workgroups. */
export function withHalfOfTheWorkgroups<A>(kernel: Kernel<A>): Kernel<A> {
  return withGrid(kernel, ([x, y, z]) => (y === 1 ? [Math.ceil(x / 2), y, z] : [x, Math.ceil(y / 2), z]));
}

function withGrid<A>(kernel: Kernel<A>, change: (grid: Grid) => Grid): Kernel<A> {
  const changed = Object.entries(kernel.shader.variants).map(([name, variant]): [string, Variant<A>] => [
    name,
    { ...variant, grid: (attributes) => change(variant.grid(attributes)) },
  ]);
  return { ...kernel, shader: { ...kernel.shader, variants: Object.fromEntries(changed) } };
}
