/** What the CPU backend needs of whoever holds its memory and runs its commands: inline.ts or worker.ts. */
import type { Precision, TypedArray } from '../dtype.js';
import type { Command } from '../kernel.js';
import type { CommandTime, Slice } from './command.js';

/** A block of memory. Blocks of one memory differ in `byteOffset`. */
export interface Block {
  readonly memory: ArrayBufferLike;
  readonly byteOffset: number;
}

/** A range of a block: what a BufferRange becomes when its buffer is looked up. */
export interface BlockSlice extends Slice {
  readonly memory: ArrayBufferLike;
}

export interface ResolvedCommand {
  readonly command: Command;
  readonly operands: readonly (BlockSlice | null)[];
}

export interface BlockUpload {
  readonly slice: BlockSlice;
  readonly data: TypedArray;
}

export interface ExecuteResult {
  readonly reads: TypedArray[];
  /** Time of each command; empty unless profiling. */
  readonly times: readonly CommandTime[];
}

export interface Executor {
  readonly precision: Precision;
  /** Bytes that can be had in all. */
  readonly maxBytes: number;

  /** Whether it has ended without `close`. */
  readonly lost: boolean;

  /** A zero-filled block. Throws AttuneError 'device'. */
  allocate(bytes: number): Block;
  /** Takes back a block that no queued work uses. */
  free(block: Block): void;

  write(upload: BlockUpload): Promise<void>;
  prepare(id: number, commands: readonly ResolvedCommand[]): Promise<void>;
  execute(
    id: number,
    uploads: readonly BlockUpload[],
    step: readonly number[],
    reads: readonly BlockSlice[],
    profile: boolean,
  ): Promise<ExecuteResult>;
  discard(id: number): Promise<void>;
  close(): Promise<void>;
}
