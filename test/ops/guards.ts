/** Guard values behind the operands of a kernel: nothing may change them, and nothing that adds them up is right. */
import type { DType } from '#src/device/dtype';
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

/** The same use of a kernel, its operands longer than its attributes say. */
export function withGuards(instance: Instance): Instance {
  const operands = instance.operands.map(
    (operand, index) =>
      operand && {
        dtype: operand.dtype,
        values: [...Array.from(operand.values), ...guardsOf(operand, index)],
      },
  );
  return { ...instance, operands };
}
