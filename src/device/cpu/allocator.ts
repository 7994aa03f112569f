/**
 * Hands out ranges of one growing memory: best fit over a list of free ranges that is sorted by offset, so that the ranges of
 * hundreds of megabytes in which weights lie stay whole for the next ones.
 *
 * It deals in numbers only and touches no memory. Ranges start at multiples of 64 bytes (a cache line), and
 * neighbouring free ranges are merged at once, so that a memory whose ranges were all given back is one piece.
 */

/** Every range starts at a multiple of this many bytes. */
export const ALIGNMENT = 64;

interface Range {
  offset: number;
  bytes: number;
}

export class Allocator {
  /** Free ranges by rising offset; no two of them touch. */
  readonly #free: Range[] = [];
  /** Length of each range handed out, by its offset. */
  readonly #taken = new Map<number, number>();
  #end: number;

  /** The memory's bytes from `begin` to `end` are free. Both are multiples of 64. */
  constructor(begin: number, end: number) {
    this.#end = end;
    if (end > begin) this.#free.push({ offset: begin, bytes: end - begin });
  }

  /** Offset of a new range of at least `bytes` bytes, or undefined when no free range is long enough. */
  allocate(bytes: number): number | undefined {
    const length = roundUp(bytes);
    const index = this.#smallest(length);
    if (index < 0) return undefined;
    const range = this.#free[index]!;
    const { offset } = range;
    if (range.bytes === length) {
      this.#free.splice(index, 1);
    } else {
      range.offset += length;
      range.bytes -= length;
    }
    this.#taken.set(offset, length);
    return offset;
  }

  /** Gives back the range that starts at `offset`. Throws when there is none. */
  free(offset: number): void {
    const bytes = this.#taken.get(offset);
    if (bytes === undefined) throw new RangeError(`no range was handed out at offset ${offset}`);
    this.#taken.delete(offset);
    this.#insert({ offset, bytes });
  }

  /** Adds the memory's bytes up to `end` to what is free, after the memory has grown. */
  extend(end: number): void {
    if (end <= this.#end) return;
    const begin = this.#end;
    this.#end = end;
    this.#insert({ offset: begin, bytes: end - begin });
  }

  /** How far the memory must reach so that `bytes` more bytes fit behind what is free at its end. */
  endFor(bytes: number): number {
    const last = this.#free.at(-1);
    const begin = last !== undefined && last.offset + last.bytes === this.#end ? last.offset : this.#end;
    return begin + roundUp(bytes);
  }

  /** Bytes that are free at present, in all ranges together. */
  get freeBytes(): number {
    return this.#free.reduce((sum, range) => sum + range.bytes, 0);
  }

  /** How many separate ranges are free. */
  get freeRanges(): number {
    return this.#free.length;
  }

  /** The index of the smallest free range of at least `length` bytes, the first of equal ones; -1 where there is none. */
  #smallest(length: number): number {
    let found = -1;
    let least = Number.POSITIVE_INFINITY;
    for (const [index, { bytes }] of this.#free.entries()) {
      if (bytes < length || bytes >= least) continue;
      found = index;
      least = bytes;
    }
    return found;
  }

  #insert(range: Range): void {
    const found = this.#free.findIndex((other) => other.offset > range.offset);
    const index = found < 0 ? this.#free.length : found;
    this.#free.splice(index, 0, range);
    this.#mergeWithNext(index);
    if (index > 0) this.#mergeWithNext(index - 1);
  }

  #mergeWithNext(index: number): void {
    const range = this.#free[index]!;
    const next = this.#free[index + 1];
    if (next === undefined || range.offset + range.bytes !== next.offset) return;
    range.bytes += next.bytes;
    this.#free.splice(index + 1, 1);
  }
}

/** The next multiple of 64; a range of no bytes still takes 64, so that every range has its own offset. */
function roundUp(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / ALIGNMENT)) * ALIGNMENT;
}
