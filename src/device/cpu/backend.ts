/**
 * The CPU device: float32 through a worker and WebAssembly SIMD (worker.ts), or the float64 judge (inline.ts).
 * Kept here is what both share: buffers and their ranges, counters, and when released memory may be used again.
 */
import { AttuneError } from '../../errors.js';
import {
  type Backend,
  type Counters,
  type DeviceInfo,
  type ExecutionTimes,
  type LaunchTime,
  newCounters,
  type Prepared,
} from '../backend.js';
import { type DType, elementBytes, type Precision, type TypedArray } from '../dtype.js';
import type { BufferRange, Command, DeviceBuffer, StepValue, Upload } from '../kernel.js';
import type { Block, BlockSlice, BlockUpload, ExecuteResult, Executor } from './executor.js';

/** A list of commands and the number under which the executor knows it. */
interface PreparedCommands extends Prepared {
  readonly id: number;
}

/** Work that was queued, and the blocks released behind it. */
interface QueuedWork {
  readonly released: Block[];
}

export class CpuBackend implements Backend {
  readonly info: DeviceInfo;
  readonly precision: Precision;
  readonly counters: Counters = newCounters();
  readonly maxBindingBytes = 2 ** 31;
  readonly inPlace = true;
  readonly traits = null;
  choices = {};
  readonly #executor: Executor;
  readonly #blocks = new Map<DeviceBuffer, Block>();
  #lastId = 0;
  /** The newest work that has not ended; null when idle. */
  #newest: QueuedWork | null = null;

  constructor(info: DeviceInfo, executor: Executor) {
    this.info = info;
    this.precision = executor.precision;
    this.#executor = executor;
  }

  get lost(): boolean {
    return this.#executor.lost;
  }

  elementBytes(dtype: DType): number {
    return elementBytes(dtype, this.precision);
  }

  allocate(bytes: number): DeviceBuffer {
    const block = this.#executor.allocate(bytes);
    const buffer: DeviceBuffer = { id: ++this.#lastId, bytes };
    this.#blocks.set(buffer, block);
    this.counters.buffersCreated++;
    this.counters.liveBytes += bytes;
    this.counters.peakBytes = Math.max(this.counters.peakBytes, this.counters.liveBytes);
    return buffer;
  }

  release(buffer: DeviceBuffer): void {
    const block = this.#block(buffer);
    this.#blocks.delete(buffer);
    this.counters.buffersDestroyed++;
    this.counters.liveBytes -= buffer.bytes;
    if (this.#newest === null) this.#executor.free(block);
    else this.#newest.released.push(block);
  }

  /** A failure surfaces at the next `execute`: it means that the device is gone. */
  write(range: BufferRange, data: TypedArray): void {
    this.#queue(this.#executor.write(this.#upload({ range, data }))).catch(() => {});
  }

  async prepare(commands: readonly Command[]): Promise<Prepared> {
    const prepared: PreparedCommands = { id: ++this.#lastId, commands };
    const resolved = commands.map((command) => ({
      command,
      operands: command.operands.map((range) => (range === null ? null : this.#slice(range))),
    }));
    await this.#queue(this.#executor.prepare(prepared.id, resolved));
    return prepared;
  }

  async execute(
    prepared: Prepared,
    uploads: readonly Upload[],
    step: readonly StepValue[],
    reads: readonly BufferRange[],
    onTimes?: (times: ExecutionTimes) => void,
  ): Promise<TypedArray[]> {
    const queued = performance.now();
    const result = await this.#run(prepared, uploads, step, reads, onTimes !== undefined);
    onTimes?.({ queued, ended: performance.now(), launches: launchTimes(prepared, result) });
    return result.reads;
  }

  /** Runs the commands once and returns the time of each launch, in order. */
  async profile(prepared: Prepared, step: readonly StepValue[] = []): Promise<LaunchTime[]> {
    return launchTimes(prepared, await this.#run(prepared, [], step, [], true));
  }

  discard(prepared: Prepared): void {
    this.#queue(this.#executor.discard((prepared as PreparedCommands).id)).catch(() => {});
  }

  async close(): Promise<void> {
    await this.#executor.close();
    this.#blocks.clear();
  }

  async #run(
    prepared: Prepared,
    uploads: readonly Upload[],
    step: readonly StepValue[],
    reads: readonly BufferRange[],
    profile: boolean,
  ): Promise<ExecuteResult> {
    const result = this.#executor.execute(
      (prepared as PreparedCommands).id,
      uploads.map((upload) => this.#upload(upload)),
      step.map(({ value }) => value),
      reads.map((range) => this.#slice(range)),
      profile,
    );
    this.counters.launches += prepared.commands.length;
    this.counters.submits++;
    return this.#queue(result);
  }

  /** Follows queued work to its end, then frees the blocks that were released while it was the newest. */
  #queue<T>(work: Promise<T>): Promise<T> {
    const queued: QueuedWork = { released: [] };
    this.#newest = queued;
    const ended = () => {
      for (const block of queued.released) this.#executor.free(block);
      if (this.#newest === queued) this.#newest = null;
    };
    work.then(ended, ended);
    return work;
  }

  #upload({ range, data }: Upload): BlockUpload {
    if (data.length !== range.length) {
      throw misuse(`${data.length} elements were given for a range of ${range.length}`);
    }
    return { slice: this.#slice(range), data };
  }

  #slice({ buffer, dtype, offset, length }: BufferRange): BlockSlice {
    const { memory, byteOffset } = this.#block(buffer);
    const size = this.elementBytes(dtype);
    if (offset < 0 || (offset + length) * size > buffer.bytes) {
      throw misuse(
        `elements ${offset} to ${offset + length} of ${dtype} lie outside a buffer of ${buffer.bytes} bytes`,
      );
    }
    return { memory, dtype, byteOffset: byteOffset + offset * size, length };
  }

  #block(buffer: DeviceBuffer): Block {
    const block = this.#blocks.get(buffer);
    if (block === undefined) throw misuse(`buffer ${buffer.id} was released, or belongs to another device`);
    return block;
  }
}

function launchTimes({ commands }: Prepared, { times }: ExecuteResult): LaunchTime[] {
  return times.map((time, index) => {
    const { kernel, attributes } = commands[index]!;
    return { kernel: kernel.name, attributes, ...time };
  });
}

function misuse(what: string): AttuneError {
  return new AttuneError({ code: 'internal', what, where: 'CPU device' });
}
