/**
 * What the main thread and the CPU worker say to each other. Requests are handled in the order in which they
 * were posted, each has one reply, and replies come in the same order.
 */
import type { TypedArray } from '../dtype.js';
import type { Attributes } from '../kernel.js';
import type { CommandTime, Slice } from './command.js';

/** Which of the two builds of the SIMD module runs, or none. */
export type SimdBuild = 'plain' | 'relaxed' | 'off';

/** What each thread is started with. */
export interface WorkerSetup {
  readonly memory: WebAssembly.Memory;
  /** Threads of the device, and which of them this is: 0 is the conductor, which the main thread talks to. */
  readonly threads: number;
  readonly index: number;
  /** Shared words of the team; see team.ts. */
  readonly control: SharedArrayBuffer;
  readonly simd: WebAssembly.Module | null;
  /** Address of a module that exports `kernels`; null: the engine's own table. Tests bring their own. */
  readonly kernelTable: string | null;
}

/** A command as it is posted: the worker finds the kernel by its name. */
export interface PostedCommand {
  readonly kernel: string;
  readonly attributes: Attributes;
  readonly operands: readonly (Slice | null)[];
  /** Byte address of the first thread's scratch memory for SIMD entries; 0 when it needs none. */
  readonly workspace: number;
  /** Bytes from one thread's scratch memory to the next one's. */
  readonly workspaceBytes: number;
  /** Byte address of what all threads prepare together for a command, until the next one. */
  readonly prepared: number;
}

export interface PostedUpload {
  readonly slice: Slice;
  readonly data: TypedArray;
}

export type Request =
  | { readonly type: 'prepare'; readonly prepared: number; readonly commands: readonly PostedCommand[] }
  | { readonly type: 'write'; readonly upload: PostedUpload }
  /** Makes a range of bytes zero. */
  | { readonly type: 'clear'; readonly byteOffset: number; readonly bytes: number }
  | {
      readonly type: 'execute';
      readonly prepared: number;
      readonly uploads: readonly PostedUpload[];
      readonly step: readonly number[];
      readonly reads: readonly Slice[];
      /** Whether the reply carries the time of each command. */
      readonly profile: boolean;
    }
  | { readonly type: 'discard'; readonly prepared: number };

/** What the conductor asks of the team's other threads. They have no reply, except when they fail. */
export type TeamRequest =
  | Extract<Request, { type: 'prepare' | 'discard' }>
  | {
      readonly type: 'run';
      readonly prepared: number;
      /** The number of its first phase; see team.ts. */
      readonly phase: number;
      readonly step: readonly number[];
      readonly profile: boolean;
    };

export type Reply =
  | { readonly ok: true; readonly reads: TypedArray[]; readonly times: readonly CommandTime[] }
  | { readonly ok: false; readonly failure: Failure };

/** What an AttuneError says; the class itself does not survive posting. */
export interface Failure {
  readonly what: string;
  readonly where: string | undefined;
  readonly hint: string | undefined;
}

/** One end of a worker, as the platform (node.ts) offers it to the executor. */
export interface WorkerPort {
  post(request: Request, transfer: readonly ArrayBuffer[]): void;
  /** The first reply says that the worker is ready; the others answer requests. */
  onReply(listener: (reply: Reply) => void): void;
  /** The worker ended, for whatever reason. Called once, with a sentence's `what`. */
  onEnd(listener: (what: string) => void): void;
  /** Resolves when the process has looked after its other events. */
  turn(): Promise<void>;
  /** Whether the worker keeps the process alive. */
  hold(busy: boolean): void;
  terminate(): Promise<void>;
}
