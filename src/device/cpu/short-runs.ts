/**
 * Runs so short that the messages to a worker and back cost more than its help is worth: the main thread computes them
 * itself, while no worker uses the memory. The bytes are the same, for the same loops and the same SIMD module compute them.
 *
 * Only time tells what a kernel costs on this machine, so both ways are tried, and the faster one is kept. Programs of
 * many commands are left to the workers whatever they take: meanwhile the main thread records the next step.
 */
import type { Kernel } from '../kernel.js';
import type { SimdExports } from './command.js';
import { Conductor, Workshop } from './conductor.js';
import type { Reply, Request } from './protocol.js';
import { newControl, Team } from './team.js';

/** The most commands of a program that may be short. */
const MOST_COMMANDS = 4;
/** What takes the workers longer than this, in milliseconds, is not even tried here. */
const LONGEST_MS = 5;
/** Runs here before the two ways are compared: the first ones of a process are slow, while their code is compiled. */
const TRIES = 3;
/** A try that takes longer than this, in milliseconds, is the last one: what many threads share takes one far longer. */
const LONGEST_TRY_MS = 4 * LONGEST_MS;

type Prepare = Extract<Request, { type: 'prepare' }>;
type Execute = Extract<Request, { type: 'execute' }>;

/** A program of few commands. */
interface Program {
  readonly request: Prepare;
  readonly kernels: readonly Kernel[];
  /** The least time that a run took the workers, both ways of the message included, in milliseconds. */
  theirs: number;
  /** The least time that a run took here, and how many there were. */
  here: number;
  runsHere: number;
}

export class ShortRuns {
  readonly #memory: WebAssembly.Memory;
  readonly #module: WebAssembly.Module | null;
  readonly #kernels: Record<string, Kernel> = {};
  readonly #programs = new Map<number, Program>();
  /** Made when the first short program is met: most devices only train. */
  #conductor: Conductor | null = null;

  /** Takes the memory and the SIMD module that the workers use. */
  constructor(memory: WebAssembly.Memory, module: WebAssembly.Module | null) {
    this.#memory = memory;
    this.#module = module;
  }

  /** Notes what the workers are to prepare. */
  prepare(request: Prepare, kernels: readonly Kernel[]): void {
    // One without commands only reads, each time something else.
    if (kernels.length === 0 || kernels.length > MOST_COMMANDS) return;
    this.#programs.set(request.prepared, { request, kernels, theirs: Infinity, here: Infinity, runsHere: 0 });
  }

  discard(prepared: number): void {
    this.#programs.delete(prepared);
    this.#conductor?.handle({ type: 'discard', prepared });
  }

  /** Notes that a run took the workers so long, in milliseconds. */
  note(prepared: number, milliseconds: number): void {
    const program = this.#programs.get(prepared);
    if (program !== undefined) program.theirs = Math.min(program.theirs, milliseconds);
  }

  /** Computes the run, or returns null when it is for the workers. None of them may use the memory meanwhile. */
  run(request: Execute): Reply | null {
    const program = this.#programs.get(request.prepared);
    // A profile says which thread computed what: the workers' clock is not this thread's.
    if (program === undefined || request.profile) return null;
    if (program.theirs > LONGEST_MS) return null;
    if (hasBeenTried(program) && program.here > program.theirs) return null;
    this.#conductor ??= this.#newConductor();
    if (program.runsHere++ === 0) {
      for (const kernel of program.kernels) this.#kernels[kernel.name] = kernel;
      this.#conductor.handle(program.request);
    }
    const begin = performance.now();
    const reply = this.#conductor.handle(request);
    program.here = Math.min(program.here, performance.now() - begin);
    return reply;
  }

  #newConductor(): Conductor {
    const env = { memory: this.#memory };
    const simd =
      this.#module === null ? null : (new WebAssembly.Instance(this.#module, { env }).exports as SimdExports);
    // With the first worker's scratch memory, for that one is idle.
    const workshop = new Workshop(this.#memory, this.#kernels, simd, 0);
    return new Conductor(workshop, new Team(newControl(1), 1, 0), []);
  }
}

/** Whether it is known what a run takes here. */
function hasBeenTried({ runsHere, here }: Program): boolean {
  return runsHere >= TRIES || (runsHere > 0 && here > LONGEST_TRY_MS);
}
