/** What a random use of a kernel is made of. */
import type { DType } from '#src/device/dtype';
import type { Attributes, StepValue } from '#src/device/kernel';
import type { Random } from './support.js';

export interface Operand {
  readonly dtype: DType;
  /** What it holds before the launch. */
  readonly values: ArrayLike<number>;
}

export interface Instance {
  readonly attributes: Attributes;
  readonly operands: readonly (Operand | null)[];
  readonly step?: readonly StepValue[];
  /** How many numbers the longest sum adds up: tolerances grow with it. Default 1. */
  readonly terms?: number;
  /** Results are the same bits on every device. */
  readonly exact?: boolean;
  /** Results are bytes that floats were cut off to: see `assertSameBytes`. */
  readonly bytes?: boolean;
}

export type Make = (random: Random) => Instance;

export const SIZES = [1, 2, 3, 5, 63, 64, 65, 127, 128, 129, 255, 256, 257, 1000];

export const size = (random: Random) => random.pick(SIZES);
/** float32 numbers, so that all devices start from the same. */
export const floats = (values: ArrayLike<number>): Operand => ({
  dtype: 'float32',
  values: Float32Array.from(values),
});
export const real = (random: Random, count: number, low = -2, high = 2) =>
  floats(random.values(count, low, high));
export const ints = (values: ArrayLike<number>): Operand => ({
  dtype: 'int32',
  values: Int32Array.from(values),
});
/** Room for a result; not zero, so that what is left out shows. */
export const room = (count: number, dtype: DType = 'float32'): Operand => ({
  dtype,
  values: new Array(count).fill(7),
});
export const float = (value: number): StepValue => ({ kind: 'float', value: Math.fround(value) });
export const uint = (value: number): StepValue => ({ kind: 'uint', value });
