/** A tensor: a value of the running program, with the node that made it. */
import { conformed, type DType, isDType, type TypedArray } from '../device/dtype.js';
import { AttuneError } from '../errors.js';
import { currentRecording, type Recording } from '../program/recording.js';
import { State } from '../program/state.js';
import type { Storage } from '../program/storage.js';
import { Value } from '../program/value.js';
import { assertShape, type Shape, shapeError, showShape, sizeOf } from './shape.js';
import type { Parameter } from './parameter.js';
import type { Node } from './tape.js';

/** A value of the program being recorded. It has no numbers until the program runs. */
export class Tensor extends Value {
  /** How it was computed; null for host data and states. */
  readonly node: Node | null;
  /** The parameter that it is, when it is one. */
  readonly parameter: Parameter | null;

  constructor(
    recording: Recording,
    storage: Storage,
    shape: Shape,
    node: Node | null = null,
    parameter: Parameter | null = null,
  ) {
    super(recording, storage, shape);
    this.node = node;
    this.parameter = parameter;
  }
}

/** A tensor of rank 0: `device.run` gives it back as a number. */
export type Scalar = Tensor & { readonly shape: readonly [] };

/** An array of a model that has become device memory: a parameter or buffer (parameter.ts). */
export interface TensorSource {
  readonly shape: Shape;
  readonly dtype: DType;
  /** The tensor that reads it in the running program: the same one throughout. */
  tensor(): Tensor;
}

/** What operations accept: a tensor of the program, or memory that outlives it. */
export type TensorLike = Tensor | State | TensorSource;

/**
 * Host data as a tensor of the running program, for example a batch. New data of the same shape reuses the plan.
 * Throws AttuneError 'shape' when the data does not fill the shape, or holds what is no number or, of an integer dtype,
 * one that it cannot keep.
 */
export function tensor(
  data: TypedArray | readonly number[],
  shape: Shape,
  dtype: DType = dtypeOf(data),
): Tensor {
  if (!isNumbers(data))
    throw shapeError(
      'tensor',
      'the values are no list and no typed array of numbers',
      'give a flat list of numbers, or a typed array',
    );
  assertShape('tensor', shape);
  if (!isDType(dtype))
    throw shapeError(
      'tensor',
      `there is no dtype ${dtype}`,
      'there are float32, float16, int32, uint32 and uint8',
    );
  if (data.length !== sizeOf(shape)) {
    throw shapeError(
      'tensor',
      `${data.length} values do not fill shape ${showShape(shape)}`,
      'a shape has as many values as its sizes multiply to',
    );
  }
  const recording = currentRecording();
  const given = Array.isArray(data) ? numbersOf(data) : (data as TypedArray);
  // Floats are rounded when they reach the device; whole numbers are checked here, where they were given.
  const values = dtype === 'float32' ? given : conformed(given, dtype, 'float32');
  return new Tensor(recording, recording.input(dtype, values), shape);
}

/** The numbers of a list, which holds anything in JavaScript: a text would become NaN, and null or a hole 0. */
function numbersOf(data: readonly unknown[]): Float64Array {
  const numbers = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (typeof value !== 'number')
      throw shapeError(
        'tensor',
        `the value at position ${i} is ${kindOf(value)}`,
        'give a flat list of numbers',
      );
    numbers[i] = value;
  }
  return numbers;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return value == null ? String(value) : `a ${typeof value}, no number`;
}

/** The tensor itself, or the tensor that reads a state or parameter: the same one throughout a program. */
export function asTensor(value: TensorLike): Tensor {
  const recording = currentRecording();
  if (value instanceof State)
    return recording.once(value, () => new Tensor(recording, value.storage, value.shape));
  if (!(value instanceof Tensor)) {
    if (typeof value?.tensor !== 'function') throw noTensor(value);
    return value.tensor();
  }
  value.assertUsable(recording);
  return value;
}

/** The error for an operand that is no tensor: in JavaScript it can be anything. */
function noTensor(value: unknown): AttuneError {
  const isArray = Array.isArray(value) || ArrayBuffer.isView(value);
  const kind = isArray ? 'an array' : value == null ? String(value) : `something else (${typeof value})`;
  return new AttuneError({
    code: 'program',
    what: `an operation was given ${kind} in place of a tensor`,
    hint: 'make a tensor of numbers with tensor(values, shape)',
  });
}

/** 64-bit whole numbers have no dtype. */
function isNumbers(data: unknown): boolean {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array || data instanceof DataView)
    return false;
  return Array.isArray(data) || ArrayBuffer.isView(data);
}

function dtypeOf(data: TypedArray | readonly number[]): DType {
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof Uint32Array) return 'uint32';
  if (data instanceof Uint8Array) return 'uint8';
  if (data instanceof Uint16Array) return 'float16';
  return 'float32';
}
