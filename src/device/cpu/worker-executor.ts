/**
 * float32: one shared WebAssembly memory, and commands run by worker threads, so that the main thread is free.
 * This is the main thread's side: it hands out ranges of the memory, posts requests, and computes short runs.
 */
import { maxOf } from '../../extremes.js';
import { AttuneError } from '../../errors.js';
import { elementBytes } from '../dtype.js';
import type { Attributes, Command, SimdEntry } from '../kernel.js';
import { type Slice, suitsSimd, viewOf } from './command.js';
import type { Allocator } from './allocator.js';
import type { Block, BlockSlice, BlockUpload, ExecuteResult, Executor, ResolvedCommand } from './executor.js';
import type { PostedCommand, PostedUpload, Reply, Request, WorkerPort } from './protocol.js';
import type { ShortRuns } from './short-runs.js';

export const PAGE_BYTES = 65_536;
export const MAX_PAGES = 65_536;

interface Waiting {
  readonly resolve: (reply: ExecuteResult) => void;
  readonly reject: (error: AttuneError) => void;
}

export class WorkerExecutor implements Executor {
  readonly precision = 'float32';
  readonly maxBytes = PAGE_BYTES * MAX_PAGES;
  lost = false;
  readonly #memory: WebAssembly.Memory;
  readonly #allocator: Allocator;
  readonly #port: WorkerPort;
  readonly #simd: boolean;
  readonly #threads: number;
  readonly #shortRuns: ShortRuns;
  /** Requests without a reply yet, oldest first; the first one ever is the worker's start. */
  readonly #waiting: Waiting[] = [];
  /** Resolves when the process has looked after its events since the last short run; null when it has. */
  #turn: Promise<void> | null = null;
  /** Scratch memory of each prepared list of commands. */
  readonly #workspaces = new Map<number, Block>();
  /** Bytes from here on no worker was ever told of: they are as the memory gave them, zero. */
  #used = 0;
  /** Why the worker is gone; undefined while it lives. */
  #ended: string | undefined;
  /** Resolves when the worker has loaded its kernels. */
  readonly started: Promise<unknown>;

  /** `allocator` hands out `memory`, which the worker behind `port` and the short runs share. */
  constructor(
    memory: WebAssembly.Memory,
    allocator: Allocator,
    port: WorkerPort,
    shortRuns: ShortRuns,
    { simd, threads }: { readonly simd: boolean; readonly threads: number },
  ) {
    this.#memory = memory;
    this.#allocator = allocator;
    this.#port = port;
    this.#simd = simd;
    this.#threads = threads;
    this.#shortRuns = shortRuns;
    port.onReply((reply) => this.#settle(reply));
    port.onEnd((what) => {
      this.lost ||= this.#ended === undefined;
      this.#end(what);
    });
    this.started = this.#wait();
  }

  allocate(bytes: number): Block {
    const byteOffset = this.#allocator.allocate(bytes) ?? this.#grow(bytes);
    this.#clear(byteOffset, Math.min(bytes, this.#used - byteOffset));
    return { memory: this.#memory.buffer, byteOffset };
  }

  free(block: Block): void {
    this.#allocator.free(block.byteOffset);
  }

  async write(upload: BlockUpload): Promise<void> {
    if (this.#idle) {
      this.#writeNow(upload);
      return;
    }
    const posted = this.#copyUpload(upload);
    await this.#request({ type: 'write', upload: posted }, [posted.data.buffer as ArrayBuffer]);
  }

  async prepare(id: number, commands: readonly ResolvedCommand[]): Promise<void> {
    const most = (bytesOf: (simd: SimdEntry, attributes: Attributes) => number) =>
      maxOf(
        commands.map(({ command }) => this.#scratchBytes(command, bytesOf)),
        0,
      );
    // Each thread has its own workspace, at a multiple of what the SIMD entries ask for.
    const stride = Math.ceil(most((simd, a) => simd.workspaceBytes?.(a) ?? 0) / 64) * 64;
    const own = stride * this.#threads;
    const bytes = own + most((simd, a) => simd.preparation?.bytes(a) ?? 0);
    const workspace = bytes === 0 ? undefined : this.allocate(bytes);
    if (workspace !== undefined) {
      this.#workspaces.set(id, workspace);
      this.#used = Math.max(this.#used, workspace.byteOffset + bytes);
    }
    const begin = workspace?.byteOffset ?? 0;
    const posted = commands.map(({ command, operands }): PostedCommand => {
      const { kernel, attributes } = command;
      return {
        kernel: kernel.name,
        attributes,
        operands: operands.map((slice) => (slice === null ? null : this.#posting(slice))),
        workspace: begin,
        workspaceBytes: stride,
        prepared: begin + own,
      };
    });
    const request = { type: 'prepare', prepared: id, commands: posted } as const;
    this.#shortRuns.prepare(
      request,
      commands.map(({ command }) => command.kernel),
    );
    try {
      await this.#request(request);
    } catch (error) {
      this.#freeWorkspace(id);
      throw error;
    }
  }

  async execute(
    id: number,
    uploads: readonly BlockUpload[],
    step: readonly number[],
    reads: readonly BlockSlice[],
    profile: boolean,
  ): Promise<ExecuteResult> {
    const now = this.#idle;
    if (now) for (const upload of uploads) this.#writeNow(upload);
    const posted = now ? [] : uploads.map((upload) => this.#copyUpload(upload));
    const slices = reads.map((slice) => this.#posting(slice));
    const request = { type: 'execute', prepared: id, uploads: posted, step, reads: slices, profile } as const;
    if (!now)
      return this.#request(
        request,
        posted.map(({ data }) => data.buffer as ArrayBuffer),
      );
    const reply = this.#shortRuns.run(request);
    if (reply === null) return this.#timed(request);
    await this.#otherEvents();
    if (reply.ok) return reply;
    throw new AttuneError({ code: 'device', ...reply.failure });
  }

  /**
   * Lets the process look after its other events, Ctrl-C among them, unless it has done so since the last short run: a loop
   * of short runs would keep it from them.
   */
  async #otherEvents(): Promise<void> {
    if (this.#turn !== null) return this.#turn;
    this.#turn = this.#port.turn().then(() => {
      this.#turn = null;
    });
  }

  /** Asks for a run while the worker has nothing else to do, and notes what it takes. */
  async #timed(request: Extract<Request, { type: 'execute' }>): Promise<ExecuteResult> {
    const begin = performance.now();
    const result = await this.#request(request);
    this.#shortRuns.note(request.prepared, performance.now() - begin);
    return result;
  }

  async discard(id: number): Promise<void> {
    this.#shortRuns.discard(id);
    await this.#request({ type: 'discard', prepared: id });
    this.#freeWorkspace(id);
  }

  async close(): Promise<void> {
    this.#end('The CPU device was closed');
    await this.#port.terminate();
  }

  /**
   * Makes bytes zero that were in use before, in the worker: gigabytes take longer than this thread may be busy.
   * It comes before whatever is asked for later; a failure means that the device is gone, and the next run says so.
   */
  #clear(byteOffset: number, bytes: number): void {
    if (bytes <= 0) return;
    this.#request({ type: 'clear', byteOffset, bytes }).catch(() => {});
  }

  /** The part of a slice that a worker, which has the memory already, needs. */
  #posting({ dtype, byteOffset, length }: BlockSlice): Slice {
    this.#used = Math.max(this.#used, byteOffset + length * elementBytes(dtype, this.precision));
    return { dtype, byteOffset, length };
  }

  /** Whether nobody uses the memory: every request has its reply, and more can come. */
  get #idle(): boolean {
    return this.#waiting.length === 0 && this.#ended === undefined;
  }

  /** Writes without the worker's help, which saves a second copy. */
  #writeNow({ slice, data }: BlockUpload): void {
    viewOf(this.#posting(slice), this.#memory.buffer, this.precision).set(data);
  }

  /** A copy to transfer: the host may change its array while the run is queued. */
  #copyUpload({ slice, data }: BlockUpload): PostedUpload {
    return { slice: this.#posting(slice), data: data.slice() };
  }

  #freeWorkspace(id: number): void {
    const workspace = this.#workspaces.get(id);
    if (workspace !== undefined) this.free(workspace);
    this.#workspaces.delete(id);
  }

  #scratchBytes(
    { kernel, attributes }: Command,
    bytesOf: (simd: SimdEntry, attributes: Attributes) => number,
  ): number {
    if (!this.#simd || kernel.simd === undefined || !suitsSimd(kernel, attributes)) return 0;
    return bytesOf(kernel.simd, attributes);
  }

  /** Grows the memory until `bytes` fit, and takes them. */
  #grow(bytes: number): number {
    const have = this.#memory.buffer.byteLength;
    const end = this.#allocator.endFor(bytes);
    const pages = Math.ceil((end - have) / PAGE_BYTES);
    try {
      this.#memory.grow(pages);
    } catch (cause) {
      throw new AttuneError(
        {
          code: 'device',
          what: `The CPU device needs ${megabytes(end)} MB of memory, but has ${megabytes(have)} MB and could not grow`,
          where: `at most ${megabytes(this.maxBytes)} MB, a request of ${bytes} bytes`,
          hint: 'use a smaller micro-batch or smaller images',
        },
        { cause },
      );
    }
    this.#allocator.extend(this.#memory.buffer.byteLength);
    return this.#allocator.allocate(bytes)!;
  }

  #request(request: Request, transfer: readonly ArrayBuffer[] = []): Promise<ExecuteResult> {
    if (this.#ended !== undefined) return Promise.reject(ended(this.#ended));
    this.#port.post(request, transfer);
    return this.#wait();
  }

  #wait(): Promise<ExecuteResult> {
    this.#port.hold(true);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  #settle(reply: Reply): void {
    // A late reply must not let go of a worker whose end close() is waiting for.
    if (this.#ended !== undefined) return;
    const waiting = this.#waiting.shift();
    if (this.#waiting.length === 0) this.#port.hold(false);
    if (reply.ok) waiting?.resolve(reply);
    else waiting?.reject(new AttuneError({ code: 'device', ...reply.failure }));
  }

  #end(what: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = what;
    for (const { reject } of this.#waiting.splice(0)) reject(ended(what));
  }
}

function ended(what: string): AttuneError {
  return new AttuneError({ code: 'device', what, where: 'CPU device', hint: 'open the device again' });
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}
