/**
 * The workers' side. The conductor answers the main thread's requests by running commands on the shared memory,
 * together with the other threads of its team: it tells them what to prepare and when to run, and they
 * divide the shares of every command among them (team.ts).
 */
import { AttuneError } from '../../errors.js';
import { type TypedArray, viewArray } from '../dtype.js';
import { type Kernel, STEP_VALUES_ADDRESS } from '../kernel.js';
import {
  type CommandTime,
  kernelFailure,
  plainCommand,
  type ReadyCommand,
  runCommands,
  runTogether,
  type SimdExports,
  type Slice,
  simdCommand,
  suitsSimd,
  viewOf,
} from './command.js';
import { joinCommands, type ModuleTurns, moduleTurns } from './joined.js';
import { unclearedMemory } from './new-memory.js';
import type { Failure, PostedCommand, PostedUpload, Reply, Request, TeamRequest } from './protocol.js';
import type { Team } from './team.js';

type Kernels = Readonly<Record<string, Kernel>>;
type Execute = Extract<Request, { type: 'execute' }>;

/** A list of commands as they were given, and with those joined that may be (joined.ts). */
interface PreparedList {
  readonly single: readonly ReadyCommand[];
  readonly joined: readonly ReadyCommand[];
}

/** What every thread has: the shared memory, the kernels, and the commands that were prepared. */
export class Workshop {
  readonly #memory: WebAssembly.Memory;
  readonly #kernels: Kernels;
  readonly #simd: SimdExports | null;
  readonly #index: number;
  readonly #turns: ModuleTurns | null;
  readonly #prepared = new Map<number, PreparedList>();

  /** `index` is the thread's number in its team: it chooses its scratch memory. */
  constructor(memory: WebAssembly.Memory, kernels: Kernels, simd: SimdExports | null, index: number) {
    this.#memory = memory;
    this.#kernels = kernels;
    this.#simd = simd;
    this.#index = index;
    this.#turns = simd === null ? null : moduleTurns(simd, memory, index);
  }

  prepare(id: number, commands: readonly PostedCommand[]): void {
    const memory = this.buffer();
    const placed = commands.map((command) => ({
      ready: this.#ready(command, memory),
      operands: command.operands,
    }));
    this.#prepared.set(id, {
      single: placed.map(({ ready }) => ready),
      joined: joinCommands(placed, this.#turns),
    });
  }

  discard(id: number): void {
    this.#prepared.delete(id);
  }

  /** What was prepared under this number; one by one where each is to be timed. */
  commands(id: number, profile: boolean): readonly ReadyCommand[] {
    const prepared = this.#prepared.get(id);
    if (prepared === undefined) throw new Error(`no commands were prepared as ${id}`);
    return profile ? prepared.single : prepared.joined;
  }

  /** The memory's present bytes. Growing by nothing makes this thread see what the main thread has grown. */
  buffer(): ArrayBufferLike {
    this.#memory.grow(0);
    return this.#memory.buffer;
  }

  #ready(command: PostedCommand, memory: ArrayBufferLike): ReadyCommand {
    const { attributes, operands, workspace, workspaceBytes, prepared } = command;
    try {
      const kernel = this.#kernels[command.kernel];
      if (kernel === undefined)
        throw new Error('the worker has no kernel of this name; it knows those of src/ops/kernels.ts');
      if (this.#simd !== null && suitsSimd(kernel, attributes)) {
        const addresses = operands.map((slice) => slice?.byteOffset ?? 0);
        const scratch = { workspace: workspace + this.#index * workspaceBytes, prepared };
        return simdCommand(kernel, attributes, addresses, scratch, this.#simd);
      }
      const views = operands.map((slice) => viewOf(slice, memory, 'float32'));
      return plainCommand(kernel, attributes, views);
    } catch (error) {
      throw kernelFailure(command.kernel, attributes, error);
    }
  }
}

/** Another thread of the team, as the conductor sees it. */
export interface Colleague {
  post(request: TeamRequest): void;
  /** What it failed with, if it has. */
  failure(): Failure | null;
}

export class Conductor {
  readonly #workshop: Workshop;
  readonly #team: Team;
  readonly #colleagues: readonly Colleague[];

  constructor(workshop: Workshop, team: Team, colleagues: readonly Colleague[]) {
    this.#workshop = workshop;
    this.#team = team;
    this.#colleagues = colleagues;
  }

  /** Does what the request asks. Failures are replies too: the worker goes on with the next request. */
  handle(request: Request): Reply {
    try {
      switch (request.type) {
        case 'prepare':
          this.#workshop.prepare(request.prepared, request.commands);
          this.#tell(request);
          return done();
        case 'write':
          this.#write(request.upload, this.#workshop.buffer());
          return done();
        case 'clear':
          new Uint8Array(this.#workshop.buffer(), request.byteOffset, request.bytes).fill(0);
          return done();
        case 'execute':
          return this.#execute(request);
        case 'discard':
          this.#workshop.discard(request.prepared);
          this.#tell(request);
          return done();
      }
    } catch (error) {
      return { ok: false, failure: failureOf(error) };
    }
  }

  #tell(request: TeamRequest): void {
    for (const colleague of this.#colleagues) colleague.post(request);
  }

  #execute(request: Execute): Reply {
    const commands = this.#workshop.commands(request.prepared, request.profile);
    const memory = this.#workshop.buffer();
    for (const upload of request.uploads) this.#write(upload, memory);
    new Float32Array(memory, STEP_VALUES_ADDRESS, request.step.length).set(request.step);
    const times = this.#run(commands, request);
    return {
      ok: true,
      reads: request.reads.map((slice) => this.#copyOut(slice, memory)),
      times,
    };
  }

  #run(commands: readonly ReadyCommand[], { prepared, step, profile }: Execute): readonly CommandTime[] {
    if (this.#colleagues.length === 0) return runCommands(commands, step, profile);
    if (commands.length === 0) return [];
    const team = this.#team;
    const { phase } = team;
    team.begin();
    // Drops failures of an earlier run in which the conductor failed too.
    for (const colleague of this.#colleagues) while (colleague.failure() !== null);
    const began = performance.now();
    this.#tell({ type: 'run', prepared, phase, step, profile });
    let times: CommandTime[] | null = null;
    try {
      times = runTogether(commands, step, team, profile, { began });
    } finally {
      if (times === null) team.abandon(phase, commands.flatMap(({ phases }) => phases).length);
    }
    if (times !== null) return times;
    const failure = this.#colleagues.map((colleague) => colleague.failure()).find((found) => found !== null);
    throw new AttuneError({
      code: 'device',
      ...(failure ?? {
        what: 'A thread of the CPU device ended',
        where: 'CPU device',
        hint: 'open the device again',
      }),
    });
  }

  #copyOut(slice: Slice, memory: ArrayBufferLike): TypedArray {
    const view = viewOf(slice, memory, 'float32');
    const copy = viewArray(slice.dtype, unclearedMemory(view.byteLength), 0, slice.length);
    copy.set(view);
    return copy;
  }

  #write({ slice, data }: PostedUpload, memory: ArrayBufferLike): void {
    viewOf(slice, memory, 'float32').set(data);
  }
}

function done(): Reply {
  return { ok: true, reads: [], times: [] };
}

/** What of an error survives posting. */
export function failureOf(error: unknown): Failure {
  if (error instanceof AttuneError) return { what: error.what, where: error.where, hint: error.hint };
  const what = `The CPU worker failed: ${error instanceof Error ? error.message : String(error)}`;
  return { what, where: undefined, hint: undefined };
}
