/**
 * The worker's side: answers requests by running commands on the shared memory. One conductor runs whole
 * commands; when more threads come, it is the one that hands out unit ranges of each command (runCommand).
 */
import { AttuneError } from '../../errors.js';
import type { TypedArray } from '../dtype.js';
import { type Kernel, STEP_VALUES_ADDRESS } from '../kernel.js';
import {
  kernelFailure,
  plainCommand,
  type ReadyCommand,
  runCommands,
  type SimdExports,
  simdCommand,
  suitsSimd,
  viewOf,
} from './command.js';
import type { PostedCommand, PostedUpload, Reply, Request } from './protocol.js';

type Kernels = Readonly<Record<string, Kernel>>;
type Execute = Extract<Request, { type: 'execute' }>;

export class Conductor {
  readonly #memory: WebAssembly.Memory;
  readonly #kernels: Kernels;
  readonly #simd: SimdExports | null;
  readonly #prepared = new Map<number, readonly ReadyCommand[]>();

  constructor(memory: WebAssembly.Memory, kernels: Kernels, simd: SimdExports | null) {
    this.#memory = memory;
    this.#kernels = kernels;
    this.#simd = simd;
  }

  /** Does what the request asks. Failures are replies too: the worker goes on with the next request. */
  handle(request: Request): Reply {
    try {
      switch (request.type) {
        case 'prepare':
          this.#prepare(request.prepared, request.commands);
          return done();
        case 'write':
          this.#write(request.upload, this.#buffer());
          return done();
        case 'execute':
          return this.#execute(request);
        case 'discard':
          this.#prepared.delete(request.prepared);
          return done();
      }
    } catch (error) {
      const { what, where, hint } = asAttuneError(error);
      return { ok: false, failure: { what, where, hint } };
    }
  }

  #prepare(id: number, commands: readonly PostedCommand[]): void {
    const memory = this.#buffer();
    this.#prepared.set(
      id,
      commands.map((command) => this.#ready(command, memory)),
    );
  }

  #ready(command: PostedCommand, memory: ArrayBufferLike): ReadyCommand {
    const { attributes, operands } = command;
    try {
      const kernel = this.#kernels[command.kernel];
      if (kernel === undefined) throw new Error('the worker has no kernel of this name');
      if (this.#simd !== null && suitsSimd(kernel, attributes)) {
        const addresses = operands.map((slice) => slice?.byteOffset ?? 0);
        return simdCommand(kernel, attributes, [...addresses, command.workspace], this.#simd);
      }
      const views = operands.map((slice) => viewOf(slice, memory, 'float32'));
      return plainCommand(kernel, attributes, views);
    } catch (error) {
      throw kernelFailure(command.kernel, attributes, error);
    }
  }

  #execute(request: Execute): Reply {
    const commands = this.#prepared.get(request.prepared);
    if (commands === undefined) throw new Error(`no commands were prepared as ${request.prepared}`);
    const memory = this.#buffer();
    for (const upload of request.uploads) this.#write(upload, memory);
    new Float32Array(memory, STEP_VALUES_ADDRESS, request.step.length).set(request.step);
    const times = runCommands(commands, request.step, request.profile);
    return {
      ok: true,
      reads: request.reads.map((slice) => copyOut(viewOf(slice, memory, 'float32'))),
      times,
    };
  }

  #write({ slice, data }: PostedUpload, memory: ArrayBufferLike): void {
    viewOf(slice, memory, 'float32').set(data);
  }

  /** The memory's present bytes. Growing by nothing makes this thread see what the main thread has grown. */
  #buffer(): ArrayBufferLike {
    this.#memory.grow(0);
    return this.#memory.buffer;
  }
}

function done(): Reply {
  return { ok: true, reads: [], times: [] };
}

/** A copy outside the shared memory, which can be transferred. */
function copyOut(view: TypedArray): TypedArray {
  return view.slice();
}

function asAttuneError(error: unknown): AttuneError {
  if (error instanceof AttuneError) return error;
  const what = `The CPU worker failed: ${error instanceof Error ? error.message : String(error)}`;
  return new AttuneError({ code: 'device', what });
}
