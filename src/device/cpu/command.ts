/**
 * One command on the CPU, made ready and run. The same two functions serve the float64 judge, which runs plain
 * loops on the caller's thread, and the worker, which prefers the SIMD module where a kernel has an entry in it.
 */
import { AttuneError } from '../../errors.js';
import type { DType, Precision, TypedArray } from '../dtype.js';
import { viewArray } from '../dtype.js';
import type { Attributes, Kernel } from '../kernel.js';
import type { Team } from './team.js';

/** `length` elements of a memory from `byteOffset` on. Plain data, so that it can be posted to a worker. */
export interface Slice {
  readonly dtype: DType;
  readonly byteOffset: number;
  readonly length: number;
}

/** The exported functions of the SIMD module, by name. */
export type SimdExports = Readonly<Record<string, (...numbers: number[]) => void>>;

/** A command made ready: phases that follow each other, each of them work that threads share. */
export interface ReadyCommand {
  readonly kernel: Kernel;
  readonly attributes: Attributes;
  readonly variant: 'simd' | 'loops';
  readonly phases: readonly Phase[];
  /** What the SIMD entry is called with for the units begin <= u < end; only where it is one of POINTWISE. */
  pointwise?(begin: number, end: number): readonly number[];
}

/**
 * Units are independent: any split of 0 .. units gives the same bytes, which is what lets several threads share them.
 */
export interface Phase {
  readonly units: number;
  /** Computes the units `begin` <= u < `end`. */
  run(step: ArrayLike<number>, begin: number, end: number): void;
}

/** Whether the SIMD module can run this command. */
export function suitsSimd(kernel: Kernel, attributes: Attributes): boolean {
  return kernel.simd !== undefined && (kernel.simd.suits === undefined || kernel.simd.suits(attributes));
}

/** The view of `slice` in `memory`; an absent operand is an empty array. */
export function viewOf(slice: Slice | null, memory: ArrayBufferLike, precision: Precision): TypedArray {
  if (slice === null) return viewArray('float32', memory, 0, 0, precision);
  return viewArray(slice.dtype, memory, slice.byteOffset, slice.length, precision);
}

/** A command that runs in plain loops over `operands`. */
export function plainCommand(
  kernel: Kernel,
  attributes: Attributes,
  operands: readonly TypedArray[],
): ReadyCommand {
  const phase: Phase = {
    units: kernel.cpu.units(attributes),
    run: (step, begin, end) => kernel.cpu.run({ attributes, operands, step, begin, end }),
  };
  return { kernel, attributes, variant: 'loops', phases: [phase] };
}

/** Where the SIMD module's memory has what a command needs beside its operands. */
export interface Scratch {
  /** This thread's workspace. */
  readonly workspace: number;
  /** What the threads prepare together. */
  readonly prepared: number;
}

/** SIMD entries whose call begins with a, b, y, first, last and an operation. */
const POINTWISE: readonly string[] = ['pointwise', 'binary'];

/** A command that runs in the SIMD module, whose memory holds its operands at these addresses. */
export function simdCommand(
  kernel: Kernel,
  attributes: Attributes,
  addresses: readonly number[],
  { workspace, prepared }: Scratch,
  simd: SimdExports,
): ReadyCommand {
  const entry = kernel.simd!;
  const compute = exported(simd, entry.entry);
  const { preparation } = entry;
  const prepares = preparation !== undefined && preparation.bytes(attributes) > 0;
  const scratched = [...addresses, workspace];
  const pointers = [...scratched, ...(preparation ? [prepares ? prepared : 0] : [])];
  const argumentsOf = keepingLast((begin, end) => entry.arguments(attributes, pointers, begin, end));
  const phases: Phase[] = [
    {
      units: kernel.cpu.units(attributes),
      run: (_step, begin, end) => compute(...argumentsOf(begin, end)),
    },
  ];
  if (prepares) {
    const prepare = exported(simd, preparation.entry(attributes));
    const numbersOf = keepingLast((begin, end) =>
      preparation.arguments(attributes, scratched, prepared, begin, end),
    );
    phases.unshift({
      units: preparation.units(attributes),
      run: (_step, begin, end) => prepare(...numbersOf(begin, end)),
    });
  }
  const command: ReadyCommand = { kernel, attributes, variant: 'simd', phases };
  return POINTWISE.includes(entry.entry) ? { ...command, pointwise: argumentsOf } : command;
}

/** What a call of these units takes. The last one is kept: at every run a thread begins with the same share. */
function keepingLast(
  argumentsOf: (begin: number, end: number) => readonly number[],
): (begin: number, end: number) => readonly number[] {
  let last = { begin: -1, end: -1, numbers: [] as readonly number[] };
  return (begin, end) => {
    if (begin !== last.begin || end !== last.end) last = { begin, end, numbers: argumentsOf(begin, end) };
    return last.numbers;
  };
}

function exported(simd: SimdExports, name: string): (...numbers: number[]) => void {
  const run = simd[name];
  if (run === undefined) throw new Error(`the SIMD module exports no function '${name}'`);
  return run;
}

/** How long one command took, and what computed it. */
export interface CommandTime {
  readonly variant: 'simd' | 'loops';
  /** By the clock of the thread. */
  readonly begin: number;
  readonly nanoseconds: number;
}

/** Runs prepared commands one after another, each over all its units. With `profile` it returns their times. */
export function runCommands(
  commands: readonly ReadyCommand[],
  step: ArrayLike<number>,
  profile: boolean,
): CommandTime[] {
  const times: CommandTime[] = [];
  for (const command of commands) {
    const begin = profile ? performance.now() : 0;
    for (const phase of command.phases) runShare(command, phase, step, 0, phase.units);
    if (profile) times.push(timeOf(command, begin, performance.now()));
  }
  return times;
}

/**
 * This thread's part of running commands together with the team's other threads, which do the same. Null when
 * another thread failed or ended. When this one fails it calls `report` and throws. With `profile` it returns the
 * times of the commands, waiting included, the first of them since the run `began`.
 */
export function runTogether(
  commands: readonly ReadyCommand[],
  step: ArrayLike<number>,
  team: Team,
  profile: boolean,
  { report = () => {}, began = 0 }: { readonly report?: (error: unknown) => void; readonly began?: number },
): CommandTime[] | null {
  const times: CommandTime[] = [];
  let begin = began;
  for (const command of commands) {
    for (const phase of command.phases) {
      try {
        for (let share = team.take(phase.units); share !== null; share = team.take(phase.units)) {
          runShare(command, phase, step, ...share);
          team.done();
        }
      } catch (error) {
        team.fail();
        report(error);
        throw error;
      }
      if (!team.next()) return null;
    }
    if (!profile) continue;
    const end = performance.now();
    times.push(timeOf(command, begin, end));
    begin = end;
  }
  return times;
}

function runShare(
  { kernel, attributes }: ReadyCommand,
  phase: Phase,
  step: ArrayLike<number>,
  begin: number,
  end: number,
): void {
  if (begin === end) return;
  try {
    phase.run(step, begin, end);
  } catch (error) {
    throw kernelFailure(kernel.name, attributes, error);
  }
}

function timeOf({ variant }: ReadyCommand, begin: number, end: number): CommandTime {
  return { variant, begin: begin * 1e6, nanoseconds: (end - begin) * 1e6 };
}

/** The error for a kernel that threw: names the kernel and what it was asked to compute. */
export function kernelFailure(kernel: string, attributes: Attributes, cause: unknown): AttuneError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AttuneError(
    {
      code: 'device',
      what: `The CPU kernel ${kernel} failed: ${reason}`,
      where: `${kernel} ${JSON.stringify(attributes)}`,
      hint: 'this is a fault in attune; please report it with these attributes',
    },
    { cause },
  );
}
