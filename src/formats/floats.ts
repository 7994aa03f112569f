/**
 * Stored numbers to float32, or float64 as it is. Everything in a weights file is little-endian; a `DataView` says so and needs no
 * alignment, and float32 itself, by far the most common, is used where it lies if the host agrees.
 */

import type { Precision } from '../device/dtype.js';
import { floatsOfHalves } from '../device/half-floats.js';
import { NUMBERS_AT_ONCE, type Pauses } from '../pauses.js';
import {
  byteLength,
  type Dtype,
  MAX_TENSOR_BYTES,
  type TensorEntry,
  type TensorInfo,
  weightsError,
} from './tensors.js';

const hostIsLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * A tensor whose bytes `readBytes` gives, contiguous and little-endian.
 * @param where what to call it in an error
 */
export function tensorEntry(
  { name, dtype, shape }: TensorInfo,
  where: string,
  readBytes: () => Promise<Uint8Array>,
): TensorEntry {
  const readRaw = async (): Promise<Uint8Array> => {
    const size = byteLength(dtype, shape);
    if (size === undefined || size > MAX_TENSOR_BYTES) {
      throw weightsError(where, `the tensor takes ${size} bytes, more than ${MAX_TENSOR_BYTES}`, 'split it');
    }
    return readBytes();
  };
  const read = async (precision: Precision = 'float32'): Promise<Float32Array | Float64Array> => {
    const bytes = await readRaw();
    return dtype === 'F64' && precision === 'float64' ? float64s(bytes) : toFloat32(dtype, bytes, where);
  };
  return { name, dtype, shape, readRaw, read };
}

/** Puts the bytes of each number in the other order, in place. */
export async function swapBytes(bytes: Uint8Array, size: number, pauses: Pauses): Promise<Uint8Array> {
  for (let start = 0; start < bytes.length; ) {
    if (pauses.due) await pauses.take();
    const end = Math.min(bytes.length, start + NUMBERS_AT_ONCE * size);
    for (; start < end; start += size) bytes.subarray(start, start + size).reverse();
  }
  return bytes;
}

/**
 * Converts little-endian values of a floating type to float32. F64 is rounded to nearest, F16 and BF16 are exact.
 * For F32 the result may share the memory of `bytes`.
 * @throws AttuneError 'weights' for any other type, and for a finite F64 that float32 cannot hold.
 */
export function toFloat32(dtype: Dtype, bytes: Uint8Array, where: string): Float32Array {
  switch (dtype) {
    case 'F32':
      return fromFloat32(bytes);
    case 'F64':
      return fromFloat64(bytes, where);
    case 'F16':
      return fromFloat16(bytes);
    case 'BF16':
      return fromBfloat16(bytes);
    default:
      throw weightsError(
        where,
        `the tensor holds ${dtype}, not F32, F64, F16 or BF16`,
        'read its raw bytes instead',
      );
  }
}

function fromFloat32(bytes: Uint8Array): Float32Array {
  const count = bytes.length / 4;
  if (hostIsLittleEndian && bytes.byteOffset % 4 === 0) {
    return new Float32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, count);
  }
  const view = viewOf(bytes);
  return Float32Array.from({ length: count }, (_, i) => view.getFloat32(4 * i, true));
}

/** Little-endian F64, which may share the memory of `bytes`. */
function float64s(bytes: Uint8Array): Float64Array {
  const count = bytes.length / 8;
  if (hostIsLittleEndian && bytes.byteOffset % 8 === 0) {
    return new Float64Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, count);
  }
  const view = viewOf(bytes);
  return Float64Array.from({ length: count }, (_, i) => view.getFloat64(8 * i, true));
}

function fromFloat64(bytes: Uint8Array, where: string): Float32Array {
  const values = float64s(bytes);
  const out = new Float32Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const value = values[i];
    out[i] = value;
    if (Number.isFinite(value) && !Number.isFinite(out[i])) {
      throw weightsError(
        where,
        `element ${i} is ${value}, too large for float32`,
        'rescale it before saving',
      );
    }
  }
  return out;
}

function fromFloat16(bytes: Uint8Array): Float32Array {
  const view = viewOf(bytes);
  const halves = new Uint16Array(bytes.length / 2);
  for (let i = 0; i < halves.length; i++) halves[i] = view.getUint16(2 * i, true);
  return floatsOfHalves(halves);
}

/** bfloat16 is the upper half of a float32. */
function fromBfloat16(bytes: Uint8Array): Float32Array {
  const view = viewOf(bytes);
  const out = new Float32Array(bytes.length / 2);
  const bits = new Uint32Array(out.buffer);
  for (let i = 0; i < out.length; i++) bits[i] = view.getUint16(2 * i, true) << 16;
  return out;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
