/** Host data as WebGPU takes it. */
import type { TypedArray } from '../dtype.js';
import { roundUp } from './memory.js';

/**
 * WebGPU takes whole 4-byte words, and Dawn crashes on shared memory: other data is copied first, into memory that the
 * next such data overwrites. A new array each time, of a batch's images say, would lie about until the garbage is collected.
 */
export class HostWords {
  #copy = new Uint8Array(0);

  /** Of `data`, with zeros behind the last word's bytes; to be used before the next call. */
  of(data: TypedArray): GPUAllowSharedBufferSource {
    const { buffer, byteOffset, byteLength } = data;
    if (byteLength % 4 === 0 && buffer instanceof ArrayBuffer) return data as GPUAllowSharedBufferSource;
    const bytes = roundUp(byteLength, 4);
    if (this.#copy.length < bytes) this.#copy = new Uint8Array(bytes);
    const words = this.#copy.subarray(0, bytes);
    words.set(new Uint8Array(buffer, byteOffset, byteLength));
    return words.fill(0, byteLength);
  }
}
