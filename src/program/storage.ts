/**
 * Where a value of a program lives.
 *
 * - temporary: made by a launch; the plan gives it a slot for as long as it is needed.
 * - input: host data, copied into its slot before the launches run.
 * - state: memory that outlives programs (parameters, statistics, moments); part of a device buffer.
 */
import type { DType, TypedArray } from '../device/dtype.js';
import type { BufferRange, Kernel } from '../device/kernel.js';

export interface TemporaryStorage {
  readonly kind: 'temporary';
  /** Position among the temporaries and inputs of its recording. */
  readonly ordinal: number;
  readonly dtype: DType;
  readonly length: number;
}

export interface InputStorage {
  readonly kind: 'input';
  readonly ordinal: number;
  readonly dtype: DType;
  readonly length: number;
  readonly data: TypedArray;
}

export interface StateStorage {
  readonly kind: 'state';
  /** Unique among all states of the process; two views of one buffer have two ids. */
  readonly id: number;
  readonly dtype: DType;
  readonly length: number;
  readonly range: BufferRange;
}

export type Storage = TemporaryStorage | InputStorage | StateStorage;

/** One use of a kernel: its operands stand in the order of its bindings. */
export interface Launch {
  readonly kernel: Kernel;
  // biome-ignore lint/suspicious/noExplicitAny: the kernel knows its own attributes.
  readonly attributes: any;
  readonly operands: readonly (Storage | null)[];
}

/** Makes a temporary that no other storage of its program has the ordinal of, inputs that nothing reads included. */
export type NewTemporary = (dtype: DType, length: number) => TemporaryStorage;

let nextStateId = 1;

/** A state storage over a range of device memory. */
export function stateStorage(range: BufferRange): StateStorage {
  return { kind: 'state', id: nextStateId++, dtype: range.dtype, length: range.length, range };
}

/** Whether a launch may change operand `index`. */
export function writes(launch: Launch, index: number): boolean {
  return launch.kernel.bindings[index].access !== 'read';
}

/** Whether a launch needs what operand `index` held before. */
export function reads(launch: Launch, index: number): boolean {
  return launch.kernel.bindings[index].access !== 'write';
}
