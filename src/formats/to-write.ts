/** What every writer is given: named tensors with their values, and the checks that come before the first byte. */

import { byteLength, type TensorInfo, weightsError } from './tensors.js';

/**
 * A tensor to write. `data` holds its values in row-major order: bytes, or a typed array on a little-endian host
 * (which every host of WebAssembly and WebGPU code is in practice), or a function that makes them when their turn comes.
 */
export interface TensorToWrite extends TensorInfo {
  /** Elements in row-major order. */
  readonly data: ArrayBufferView | (() => ArrayBufferView | Promise<ArrayBufferView>);
}

/**
 * The values of a tensor as bytes.
 * @throws AttuneError 'weights' if they do not fill its shape.
 */
export async function bytesToWrite(tensor: TensorToWrite): Promise<Uint8Array> {
  const view = typeof tensor.data === 'function' ? await tensor.data() : tensor.data;
  const expected = sizeToWrite(tensor);
  if (view.byteLength !== expected) {
    const what = `${tensor.dtype} [${tensor.shape}] takes ${expected} bytes, not ${view.byteLength}`;
    throw notWritable(tensor.name, what);
  }
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** Size of a tensor in bytes. Throws AttuneError 'weights' where none follows from type and shape. */
export function sizeToWrite({ name, dtype, shape }: TensorInfo): number {
  const valid = shape.every((dimension) => Number.isSafeInteger(dimension) && dimension >= 0);
  const size = valid ? byteLength(dtype, shape) : undefined;
  if (size === undefined) throw notWritable(name, `no size in bytes follows from ${dtype} [${shape}]`);
  return size;
}

/** Throws AttuneError 'weights' unless all names differ, and from those in `taken`, and are Unicode text. */
export function checkNames(tensors: readonly TensorInfo[], taken: readonly string[] = []): void {
  const names = new Set(taken);
  for (const { name } of tensors) {
    checkText(name);
    if (names.has(name)) throw notWritable(name, 'the name is taken');
    names.add(name);
  }
}

/** Half of a surrogate pair has no UTF-8 form, and a reader would refuse it. */
export function checkText(text: string): void {
  if (/\p{Surrogate}/u.test(text)) throw notWritable(text, 'the text holds half of a surrogate pair');
}

/** The error of all writers. */
export function notWritable(name: string, what: string): Error {
  return weightsError(`tensor ${JSON.stringify(name)}`, what, 'no file of weights can hold this');
}
