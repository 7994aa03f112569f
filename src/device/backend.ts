/**
 * What a device is to the rest of the engine: memory, and the execution of prepared commands.
 * `webgpu/` and `cpu/` implement it; `program/` is its only caller.
 */
import type { DType, Precision, TypedArray } from './dtype.js';
import type {
  AdapterTraits,
  Attributes,
  BufferRange,
  Command,
  DeviceBuffer,
  StepValue,
  Upload,
} from './kernel.js';

/** Where computations run: on a GPU, or on the processor. */
export type DeviceKind = 'webgpu' | 'cpu';

/** What `attune doctor` prints of a device. */
export interface DeviceInfo {
  readonly kind: DeviceKind;
  /** The adapter's own name, or the processor's. */
  readonly adapter: string;
  /** A GPU's driver with its version, as it says itself. */
  readonly driver?: string;
  readonly software: boolean;
  readonly features: readonly string[];
  /** Features that an adapter has and that gave wrong results when it was opened: nothing uses them. Absent: none. */
  readonly distrusted?: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

/** Running totals since the device was opened; tests pin their differences. */
export interface Counters {
  launches: number;
  submits: number;
  pipelines: number;
  bindGroups: number;
  buffersCreated: number;
  buffersDestroyed: number;
  liveBytes: number;
  peakBytes: number;
}

export function newCounters(): Counters {
  return {
    launches: 0,
    submits: 0,
    pipelines: 0,
    bindGroups: 0,
    buffersCreated: 0,
    buffersDestroyed: 0,
    liveBytes: 0,
    peakBytes: 0,
  };
}

/** When one launch was computed, and how long it took. */
export interface LaunchTime {
  readonly kernel: string;
  /** The shader's variant; on the CPU 'simd' or 'loops'. */
  readonly variant: string;
  readonly attributes: Attributes;
  /** By a clock of the device's own, in nanoseconds since whenever. */
  readonly begin: number;
  readonly nanoseconds: number;
}

/** When the commands of one `execute` were computed. */
export interface ExecutionTimes {
  /** By `performance.now()` of this thread: when it was queued, and when its end was known here. */
  readonly queued: number;
  readonly ended: number;
  /** In order; null where the device has no clock. */
  readonly launches: readonly LaunchTime[] | null;
}

/** Commands made ready to run again and again: pipelines, bind groups and constants resolved. Opaque. */
export interface Prepared {
  readonly commands: readonly Command[];
  /** Memory that these commands alone have beside their operands. The CPU's threads have scratch memory for all. */
  readonly workspaceBytes?: number;
}

export interface Backend {
  readonly info: DeviceInfo;
  readonly precision: Precision;
  readonly counters: Counters;
  /** The largest range that one operand may span, in bytes. */
  readonly maxBindingBytes: number;
  /** Whether the device is gone for good, and not by `close`: every call fails; another device may be opened. */
  readonly lost: boolean;
  /** What its kernels choose their shader's variants by; null where no shader runs. */
  readonly traits: AdapterTraits | null;
  /** Variants to take in place of the kernels' own choice. Not to be changed once commands were prepared. */
  choices: Choices;
  /** Told, each once, of choices that this adapter cannot follow: the kernel's own choice stands in for them. */
  onWaived?: (choices: Choices) => void;
  /** Whether a launch that goes element by element may write over what it reads. WebGPU refuses such bindings. */
  readonly inPlace: boolean;

  elementBytes(dtype: DType): number;

  /** New zero-filled memory. Throws AttuneError 'device' where it cannot be had. */
  allocate(bytes: number): DeviceBuffer;
  /** Gives memory back once the work already queued is done with it. */
  release(buffer: DeviceBuffer): void;
  /** Copies host data in, after the work queued so far and before what is queued later. */
  write(range: BufferRange, data: TypedArray): void;

  /**
   * Makes commands ready. Chooses variants (`choices` wins over a kernel's own choice), compiles what is new.
   * Throws AttuneError 'device' naming kernel, shapes and limit.
   */
  prepare(commands: readonly Command[]): Promise<Prepared>;
  /**
   * Queues uploads, then the commands, then copies of `reads`; resolves with their contents.
   * Calls are executed in order. `uploads` are copied before the call returns its promise to the caller's
   * next statement, so the host arrays may be reused at once. With `onTimes` every launch is timed, which makes
   * the whole slower and changes no result; it is called before the promise resolves.
   */
  execute(
    prepared: Prepared,
    uploads: readonly Upload[],
    step: readonly StepValue[],
    reads: readonly BufferRange[],
    onTimes?: (times: ExecutionTimes) => void,
  ): Promise<TypedArray[]>;
  /** Gives back what `prepare` made. */
  discard(prepared: Prepared): void;

  close(): Promise<void>;
}

/**
 * Variants that were chosen by hand or by measuring, in place of the kernels' own choice: the name of a kernel, or that
 * of a class of its launches (`tuningKey` in tuner.ts), -> the name of a variant. A kernel's name wins. Part of a run's
 * frozen choices.
 */
export type Choices = Readonly<Record<string, string>>;
