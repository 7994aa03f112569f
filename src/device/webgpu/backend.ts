/**
 * The WebGPU device: `Backend` on a GPUDevice, in any JavaScript environment that has one.
 *
 * Queued work runs in order, and so do writes between it; a run is therefore uploads, step values, one or
 * several submits of compute passes, and copies into staging memory that is mapped when all is done.
 */
import { AttuneError } from '../../errors.js';
import {
  type Backend,
  type Choices,
  type Counters,
  type DeviceInfo,
  type ExecutionTimes,
  type LaunchTime,
  newCounters,
} from '../backend.js';
import { ShortList } from '../../short-list.js';
import { type DType, elementBytes, type TypedArray } from '../dtype.js';
import type { AdapterTraits, BufferRange, Command, DeviceBuffer, StepValue, Upload } from '../kernel.js';
import { subgroupsWork } from '../subgroup-test.js';
import { webgpuInfo } from './adapter.js';
import { caughtError, Faults } from './faults.js';
import { type Context, createSharedBuffers, type PreparedLaunches, prepareLaunches } from './launches.js';
import { Memory } from './memory.js';
import { Pipelines, type ReadShader } from './pipelines.js';
import { hasTimestamps, requireTimestamps, Stopwatch } from './profiler.js';
import { collectReads, discardReads } from './reads.js';
import { submitRun, uploadRange, writeStep } from './run.js';

export interface WebGPUBackendOptions {
  readonly adapterInfo: GPUAdapterInfo;
  readonly device: GPUDevice;
  readonly readShader: ReadShader;
  /** Variants chosen by hand, for the attributes that they can run. */
  readonly choices?: Choices;
}

export class WebGPUBackend implements Backend {
  readonly precision = 'float32';
  info: DeviceInfo;
  readonly counters: Counters = newCounters();
  readonly maxBindingBytes: number;
  lost = false;
  readonly inPlace = false;
  traits: AdapterTraits;
  onWaived?: (choices: Choices) => void;

  private readonly device: GPUDevice;
  private readonly faults: Faults;
  private readonly memory: Memory;
  private readonly context: Context & { choices: Choices; traits: AdapterTraits };
  /** Names of the choices that `onWaived` was told of. */
  private readonly waived = new Set<string>();
  private readonly inFlight = new ShortList<Promise<unknown>>();
  private closing: Promise<void> | undefined;
  /** From here on the loss of the device is what was asked for. */
  private destroyed = false;
  /** When the last run that ended did so: the next one in the queue did not begin before. */
  private lastEnd = 0;

  constructor({ adapterInfo, device, readShader, choices = {} }: WebGPUBackendOptions) {
    const { limits, features } = device;
    this.device = device;
    device.lost.then(() => {
      this.lost = !this.destroyed;
    });
    this.info = webgpuInfo(adapterInfo, device);
    this.maxBindingBytes = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
    this.traits = {
      software: this.info.software,
      minSubgroupLanes: features.has('subgroups') ? (adapterInfo.subgroupMinSize ?? 0) : 0,
      maxInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      maxWorkgroupStorageBytes: limits.maxComputeWorkgroupStorageSize,
      maxBindingBytes: this.maxBindingBytes,
    };
    const { counters, traits } = this;
    const faults = new Faults(device);
    const memory = new Memory(device, faults, counters);
    const pipelines = new Pipelines(device, faults, counters, readShader);
    const shared = createSharedBuffers(memory);
    this.faults = faults;
    this.memory = memory;
    this.context = { device, faults, counters, memory, pipelines, shared, traits, choices };
  }

  get choices(): Choices {
    return this.context.choices;
  }

  set choices(choices: Choices) {
    this.context.choices = choices;
  }

  /**
   * To be called once, before anything else runs: where subgroups give wrong results, kernels take the adapter for one that
   * has none, and `info` says so. It leaves nothing behind and counts nowhere.
   */
  async checkSubgroups(): Promise<void> {
    const before = { ...this.counters };
    if (!(await subgroupsWork(this))) {
      this.info = { ...this.info, distrusted: ['subgroups'] };
      this.traits = { ...this.traits, minSubgroupLanes: 0 };
      this.context.traits = this.traits;
    }
    this.memory.dropStaging();
    Object.assign(this.counters, before);
  }

  elementBytes(dtype: DType): number {
    return elementBytes(dtype, this.precision);
  }

  allocate(bytes: number): DeviceBuffer {
    this.check();
    return this.memory.allocate(bytes);
  }

  /** After `close`, which gives everything back, this does nothing. */
  release(buffer: DeviceBuffer): void {
    if (this.closing === undefined) this.memory.release(buffer);
  }

  write(range: BufferRange, data: TypedArray): void {
    this.check();
    const block = this.memory.block(range.buffer);
    const { caught } = this.faults.scoped(() => uploadRange(this.context, { range, data }));
    caught.then(
      (error) => {
        // Memory that could not be had says so itself, where it is used.
        if (error !== null && block.fault === undefined)
          this.faults.report(caughtError(error, 'writing to the GPU'));
      },
      () => {}, // the device ended: the next call says so
    );
  }

  async prepare(commands: readonly Command[]): Promise<PreparedLaunches> {
    this.check();
    const prepared = await prepareLaunches(this.context, commands);
    const fresh = Object.entries(prepared.waived).filter(([name]) => !this.waived.has(name));
    for (const [name] of fresh) this.waived.add(name);
    if (fresh.length > 0) this.onWaived?.(Object.fromEntries(fresh));
    return prepared;
  }

  execute(
    prepared: PreparedLaunches,
    uploads: readonly Upload[],
    step: readonly StepValue[],
    reads: readonly BufferRange[],
    onTimes?: (times: ExecutionTimes) => void,
  ): Promise<TypedArray[]> {
    return this.track(this.run(prepared, uploads, step, reads, onTimes));
  }

  /**
   * Runs the commands once, for real, and returns how long each launch took on the GPU. Slower than `execute`
   * as a whole: a pass for each launch. Throws AttuneError 'device' where the GPU has no timestamps.
   */
  async profile(prepared: PreparedLaunches, step: readonly StepValue[] = []): Promise<LaunchTime[]> {
    requireTimestamps(this.context);
    let times: readonly LaunchTime[] = [];
    await this.execute(prepared, [], step, [], ({ launches }) => {
      times = launches ?? [];
    });
    return [...times];
  }

  discard(prepared: PreparedLaunches): void {
    if (this.closing !== undefined) return;
    for (const buffer of [prepared.constants, prepared.workspace])
      if (buffer !== null) this.memory.destroy(buffer);
  }

  /** Waits for what was queued, then gives everything back. Later calls throw. */
  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async run(
    prepared: PreparedLaunches,
    uploads: readonly Upload[],
    step: readonly StepValue[],
    reads: readonly BufferRange[],
    onTimes?: (times: ExecutionTimes) => void,
  ): Promise<TypedArray[]> {
    this.check();
    const started = performance.now();
    const blocks = [...uploads.map(({ range }) => range), ...reads].map(({ buffer }) =>
      this.memory.block(buffer),
    );
    const timed = onTimes !== undefined && hasTimestamps(this.context);
    const { result, caught } = this.faults.scoped(() => {
      for (const upload of uploads) uploadRange(this.context, upload);
      writeStep(this.context, step);
      const stopwatch = timed ? new Stopwatch(this.context, prepared.launches) : null;
      return { stopwatch, pending: submitRun(this.context, prepared, reads, stopwatch) };
    });
    const { stopwatch, pending } = result;
    pending.mapped.catch(() => {}); // awaited below, unless something else fails first
    try {
      const error = await caught;
      for (const block of blocks) {
        await block.ready;
        if (block.fault !== undefined) throw block.fault;
      }
      if (error !== null) throw caughtError(error, `a run of ${prepared.launches.length} launches`);
      await this.faults.guard(pending.mapped);
      this.faults.check();
      const ended = performance.now();
      prepared.lastMilliseconds = ended - Math.max(started, this.lastEnd);
      this.lastEnd = ended;
      onTimes?.({ queued: started, ended, launches: (await stopwatch?.read()) ?? null });
    } catch (error) {
      discardReads(pending, this.memory);
      throw error;
    } finally {
      stopwatch?.close();
    }
    return collectReads(pending, this.memory);
  }

  /** Throws where the device cannot be used any more. */
  private check(): void {
    if (this.closing !== undefined) throw closedError();
    this.faults.check();
  }

  /** Lets `close` wait for work that has been queued. */
  private track<T>(work: Promise<T>): Promise<T> {
    const ended: Promise<unknown> = work.then(
      () => this.inFlight.delete(ended),
      () => this.inFlight.delete(ended),
    );
    this.inFlight.add(ended);
    return work;
  }

  private async shutDown(): Promise<void> {
    await Promise.all(this.inFlight);
    await this.faults.guard(this.device.queue.onSubmittedWorkDone()).catch(() => {}); // lost: nothing to wait for
    this.faults.end(closedError());
    this.memory.close();
    await pause(SETTLE_MS);
    this.destroyed = true;
    this.faults.stopListening();
    this.device.destroy();
  }
}

/**
 * Work is reported as done from a thread of the driver that is then still leaving its queue: llvmpipe has been seen
 * to abort the process when the device went away under it.
 */
const SETTLE_MS = 100;

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

function closedError(): AttuneError {
  return new AttuneError({ code: 'program', what: 'the GPU device is closed', hint: 'open another one' });
}
