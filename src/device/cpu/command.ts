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

/** A command whose operands are views of memory. */
export interface ReadyCommand {
  readonly kernel: Kernel;
  readonly attributes: Attributes;
  readonly operands: readonly TypedArray[];
  readonly units: number;
  readonly simd: SimdCall | null;
}

interface SimdCall {
  readonly run: (...numbers: number[]) => void;
  /** Byte address of each operand, then of the workspace. */
  readonly pointers: readonly number[];
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
  return { kernel, attributes, operands, units: kernel.cpu.units(attributes), simd: null };
}

/** A command that runs in the SIMD module, whose memory holds the operands and a workspace at these addresses. */
export function simdCommand(
  kernel: Kernel,
  attributes: Attributes,
  pointers: readonly number[],
  simd: SimdExports,
): ReadyCommand {
  const entry = kernel.simd?.entry ?? '';
  const run = simd[entry];
  if (run === undefined) throw new Error(`the SIMD module exports no function '${entry}'`);
  return { kernel, attributes, operands: [], units: kernel.cpu.units(attributes), simd: { run, pointers } };
}

/**
 * Computes the units `begin` <= u < `end` of a command. Units are independent: any split of 0 .. units gives
 * the same bytes, which is what lets several threads share one command.
 */
export function runCommand(command: ReadyCommand, step: ArrayLike<number>, begin: number, end: number): void {
  const { kernel, attributes, operands, simd } = command;
  if (simd === null) {
    kernel.cpu.run({ attributes, operands, step, begin, end });
  } else {
    simd.run(...kernel.simd!.arguments(attributes, simd.pointers, begin, end));
  }
}

/** How long one command took, and what computed it. */
export interface CommandTime {
  readonly variant: 'simd' | 'loops';
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
    runShare(command, step, 0, command.units);
    if (profile) times.push(timeOf(command, begin));
  }
  return times;
}

/**
 * This thread's part of running commands together with the team's other threads, which do the same. Null when
 * another thread failed or ended. When this one fails it calls `report` before the others are let go, and throws.
 * With `profile` it returns the times of the commands, waiting included.
 */
export function runTogether(
  commands: readonly ReadyCommand[],
  step: ArrayLike<number>,
  team: Team,
  profile: boolean,
  report: (error: unknown) => void = () => {},
): CommandTime[] | null {
  const times: CommandTime[] = [];
  for (const command of commands) {
    const begin = profile ? performance.now() : 0;
    try {
      runShare(command, step, ...team.share(command.units));
    } catch (error) {
      team.fail();
      report(error);
      team.barrier();
      throw error;
    }
    if (!team.barrier()) return null;
    if (profile) times.push(timeOf(command, begin));
  }
  return times;
}

function runShare(command: ReadyCommand, step: ArrayLike<number>, begin: number, end: number): void {
  if (begin === end) return;
  try {
    runCommand(command, step, begin, end);
  } catch (error) {
    throw kernelFailure(command.kernel.name, command.attributes, error);
  }
}

function timeOf(command: ReadyCommand, begin: number): CommandTime {
  return {
    variant: command.simd === null ? 'loops' : 'simd',
    nanoseconds: (performance.now() - begin) * 1e6,
  };
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
