/** Element types, and the host arrays that carry them. */
import { AttuneError } from '../errors.js';

/** float16 exists on WebGPU only; uint8 is for images and masks. */
export type DType = 'float32' | 'float16' | 'int32' | 'uint32' | 'uint8';

/** A host array of elements. float32 tensors are Float64Array on a float64 device; float16 travels as Uint16Array bits. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

/** How the float32 dtype is stored: 'float64' is the judge of every test, on the CPU device only. */
export type Precision = 'float32' | 'float64';

const BYTES: Readonly<Record<DType, number>> = { float32: 4, float16: 2, int32: 4, uint32: 4, uint8: 1 };

/** Whether there is a dtype of this name; JavaScript may ask for any. */
export function isDType(name: string): name is DType {
  return Object.hasOwn(BYTES, name);
}

/** Bytes of one element of `dtype` on a device of this precision. */
export function elementBytes(dtype: DType, precision: Precision): number {
  return dtype === 'float32' && precision === 'float64' ? 8 : BYTES[dtype];
}

/** A host array of `length` zeros for `dtype`. */
export function hostArray(dtype: DType, length: number, precision: Precision = 'float32'): TypedArray {
  return new (arrayType(dtype, precision))(length);
}

/** `length` elements of `dtype` seen in `memory` from byte `offset` on; nothing is copied. */
export function viewArray(
  dtype: DType,
  memory: ArrayBufferLike,
  offset: number,
  length: number,
  precision: Precision = 'float32',
): TypedArray {
  return new (arrayType(dtype, precision))(memory, offset, length);
}

type ArrayType = new (...from: [number] | [ArrayBufferLike, number, number]) => TypedArray;

function arrayType(dtype: DType, precision: Precision): ArrayType {
  const types = {
    float32: precision === 'float64' ? Float64Array : Float32Array,
    float16: Uint16Array,
    int32: Int32Array,
    uint32: Uint32Array,
    uint8: Uint8Array,
  };
  return types[dtype] as ArrayType;
}

/**
 * `data` as the host array that a device of this precision takes for `dtype`; the same array when it already is.
 * float32 rounds; throws when another dtype cannot keep a number as it is.
 */
export function conformed(data: TypedArray, dtype: DType, precision: Precision): TypedArray {
  const type = arrayType(dtype, precision);
  if (data instanceof type) return data;
  const result = new type(data.length);
  result.set(data);
  if (dtype === 'float32') return result;
  const at = result.findIndex((value, i) => value !== data[i]);
  if (at >= 0) {
    throw new AttuneError({
      code: 'shape',
      what: `${data[at]} at position ${at} is not a number of dtype ${dtype}`,
      hint: 'round or bound the values first, or choose another dtype',
    });
  }
  return result;
}
