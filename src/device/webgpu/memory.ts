/**
 * GPU buffers: made, counted and given back in one place, so that the counters are the whole truth.
 *
 * A DeviceBuffer's GPU buffer is a multiple of 4 bytes, because writes, copies and bindings are.
 */
import { AttuneError } from '../../errors.js';
import type { Counters } from '../backend.js';
import { elementBytes } from '../dtype.js';
import type { BufferRange, DeviceBuffer } from '../kernel.js';
import { caughtError, deviceError, type Faults } from './faults.js';
import { BufferUsage } from './flags.js';

/** A block of GPU memory behind a DeviceBuffer. */
export interface Block {
  readonly gpu: GPUBuffer;
  /** Resolves once it is known whether the memory could be had; `fault` then says why not. */
  readonly ready: Promise<void>;
  fault?: AttuneError;
}

/** Free staging buffers above this are destroyed rather than kept for the next read. */
const POOLED_BYTES = 64 * 2 ** 20;
const POOLED_BUFFERS = 8;

export class Memory {
  private readonly device: GPUDevice;
  private readonly faults: Faults;
  private readonly counters: Counters;
  private readonly blocks = new Map<number, Block>();
  private readonly staging: GPUBuffer[] = [];
  private readonly live = new Set<GPUBuffer>();
  private nextId = 1;

  constructor(device: GPUDevice, faults: Faults, counters: Counters) {
    this.device = device;
    this.faults = faults;
    this.counters = counters;
  }

  /** New zero-filled storage: WebGPU clears memory before its first use. */
  allocate(bytes: number): DeviceBuffer {
    const size = Math.max(4, roundUp(bytes, 4));
    const usage = BufferUsage.STORAGE | BufferUsage.COPY_SRC | BufferUsage.COPY_DST;
    const { result: gpu, caught } = this.faults.scoped(() =>
      this.create(size, usage, `storage of ${bytes} bytes`),
    );
    const block: { -readonly [K in keyof Block]: Block[K] } = { gpu, ready: Promise.resolve() };
    block.ready = caught.then(
      (error) => {
        if (error !== null) block.fault = caughtError(error, `allocating ${bytes} bytes`);
      },
      () => {}, // the device ended: whoever waits for it hears so
    );
    const buffer = { id: this.nextId++, bytes };
    this.blocks.set(buffer.id, block);
    return buffer;
  }

  /** Destroying is safe while queued work still uses the memory: WebGPU keeps it until then. */
  release(buffer: DeviceBuffer): void {
    this.destroy(this.block(buffer).gpu);
    this.blocks.delete(buffer.id);
  }

  block(buffer: DeviceBuffer): Block {
    const block = this.blocks.get(buffer.id);
    if (block === undefined) {
      throw new AttuneError({
        code: 'internal',
        what: `buffer ${buffer.id} of ${buffer.bytes} bytes is not allocated`,
        hint: 'it was released, or belongs to another device',
      });
    }
    return block;
  }

  /** A counted buffer of any usage. */
  create(size: number, usage: number, label: string): GPUBuffer {
    const limit = this.device.limits.maxBufferSize;
    if (size > limit) {
      throw deviceError(`a buffer of ${size} bytes is larger than this GPU's limit of ${limit}`, label);
    }
    const buffer = this.device.createBuffer({ size, usage, label });
    this.live.add(buffer);
    this.counters.buffersCreated++;
    this.counters.liveBytes += size;
    this.counters.peakBytes = Math.max(this.counters.peakBytes, this.counters.liveBytes);
    return buffer;
  }

  /** Does nothing for a buffer that `close` has destroyed already: work that fails late still cleans up. */
  destroy(buffer: GPUBuffer): void {
    if (!this.live.delete(buffer)) return;
    buffer.destroy();
    this.counters.buffersDestroyed++;
    this.counters.liveBytes -= buffer.size;
  }

  /** A mappable buffer of at least `bytes`; sizes are powers of two so that they are met again. */
  takeStaging(bytes: number): GPUBuffer {
    const i = this.staging.findIndex((buffer) => buffer.size >= bytes && buffer.size <= 4 * bytes + 4096);
    if (i >= 0) return this.staging.splice(i, 1)[0];
    const limit = Math.floor(this.device.limits.maxBufferSize / 4) * 4;
    const size = Math.max(bytes, Math.min(limit, 2 ** Math.ceil(Math.log2(Math.max(bytes, 256)))));
    return this.create(size, BufferUsage.MAP_READ | BufferUsage.COPY_DST, `staging for ${bytes} bytes`);
  }

  /** Keeps an unmapped staging buffer for a later read, or destroys it when enough are kept. */
  giveStaging(buffer: GPUBuffer): void {
    const kept = this.staging.reduce((sum, other) => sum + other.size, 0);
    if (this.staging.length < POOLED_BUFFERS && kept + buffer.size <= POOLED_BYTES) this.staging.push(buffer);
    else this.destroy(buffer);
  }

  /** Destroys the staging buffers that are kept. */
  dropStaging(): void {
    for (const buffer of this.staging.splice(0)) this.destroy(buffer);
  }

  /** Destroys every buffer that is left. */
  close(): void {
    for (const buffer of [...this.live]) this.destroy(buffer);
    this.staging.length = 0;
    this.blocks.clear();
  }
}

/** First byte and byte length of a range. Throws when it reaches outside its buffer. */
export function byteRange(range: BufferRange): { readonly start: number; readonly bytes: number } {
  const size = elementBytes(range.dtype, 'float32');
  const start = range.offset * size;
  const bytes = range.length * size;
  if (!(start >= 0 && bytes >= 0 && start + bytes <= range.buffer.bytes)) {
    throw new AttuneError({
      code: 'internal',
      what: `bytes ${start} to ${start + bytes} lie outside a buffer of ${range.buffer.bytes} bytes`,
    });
  }
  return { start, bytes };
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
