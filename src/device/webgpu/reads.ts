/** Reading results: ranges are copied into one staging buffer, which is mapped when the queue is done. */
import { type TypedArray, viewArray } from '../dtype.js';
import type { BufferRange } from '../kernel.js';
import { MAP_READ } from './flags.js';
import { byteRange, type Memory, roundUp } from './memory.js';

/** Copies in WebGPU start and end at multiples of 4 bytes; ranges of bytes and halves need not. */
interface Copy {
  readonly range: BufferRange;
  /** Where the copy begins in the range's buffer and in the staging buffer. */
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  /** Where the range itself begins in the staging buffer. */
  readonly start: number;
}

/** Results on their way to the host; null staging where there is nothing to read. */
export interface CopiedReads {
  readonly staging: GPUBuffer | null;
  readonly copies: readonly Copy[];
}

/** The same after the submit: `mapped` resolves when the results are there. */
export interface PendingReads extends CopiedReads {
  readonly mapped: Promise<void>;
}

/** Encodes the copies of `ranges` into a staging buffer. */
export function encodeReads(
  encoder: GPUCommandEncoder,
  memory: Memory,
  ranges: readonly BufferRange[],
): CopiedReads {
  let size = 0;
  const copies = ranges.map((range): Copy => {
    const { start, bytes } = byteRange(range);
    const from = Math.floor(start / 4) * 4;
    const copy = {
      range,
      from,
      to: size,
      bytes: roundUp(start + bytes, 4) - from,
      start: size + start - from,
    };
    size = roundUp(size + copy.bytes, 8);
    return copy;
  });
  if (size === 0) return { staging: null, copies };
  const staging = memory.takeStaging(size);
  for (const { range, from, to, bytes } of copies) {
    if (bytes > 0) encoder.copyBufferToBuffer(memory.block(range.buffer).gpu, from, staging, to, bytes);
  }
  return { staging, copies };
}

/** Begins to map the staging buffer; without one, waits for the queue. To be called after the submit. */
export function mapReads(copied: CopiedReads, queue: GPUQueue): PendingReads {
  const mapped = copied.staging?.mapAsync(MAP_READ) ?? queue.onSubmittedWorkDone();
  return { ...copied, mapped: mapped.then(() => {}) };
}

/** Gives up results that will not come. */
export function discardReads({ staging }: PendingReads, memory: Memory): void {
  if (staging !== null) memory.destroy(staging);
}

/** Copies the mapped results out and gives the staging buffer back. */
export function collectReads({ staging, copies }: PendingReads, memory: Memory): TypedArray[] {
  const mapped = staging?.getMappedRange() ?? new ArrayBuffer(0);
  const results = copies.map(({ range, start }) => {
    const { bytes } = byteRange(range);
    return viewArray(range.dtype, mapped.slice(start, start + bytes), 0, range.length);
  });
  if (staging !== null) {
    staging.unmap();
    memory.giveStaging(staging);
  }
  return results;
}
