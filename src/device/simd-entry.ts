/**
 * Calls of the SIMD module by the names of its parameters. AssemblyScript declares them (device/cpu/simd); an argument
 * that is missing, misspelled or of another type does not compile here.
 */
import type { Attributes, SimdEntry } from './kernel.js';
import { SIMD_FUNCTIONS } from './simd-functions.js';

type Signatures = typeof SIMD_FUNCTIONS;
export type SimdFunction = keyof Signatures;

type Values<Parameters extends string> = Parameters extends `${infer One}, ${infer Others}`
  ? Values<One> & Values<Others>
  : Parameters extends `${infer Name}: ${infer Type}`
    ? { readonly [N in Name]: Type extends 'bool' ? boolean : number }
    : unknown;

/** The arguments of a function by name: addresses in bytes, numbers, and booleans. */
export type SimdArguments<F extends SimdFunction> = Values<Signatures[F]>;

/** Parameters of every function, in order. */
const PARAMETERS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(SIMD_FUNCTIONS).map(([name, parameters]) => [
    name,
    parameters.split(', ').map((parameter) => parameter.split(': ')[0]),
  ]),
);

/** The arguments in the order of the parameters. Properties that are none are left out. */
export function simdArguments<F extends SimdFunction>(name: F, values: SimdArguments<F>): number[] {
  return PARAMETERS[name].map((parameter) =>
    Number((values as Readonly<Record<string, unknown>>)[parameter]),
  );
}

/** The place of a parameter among those of its function. */
export function simdParameter<F extends SimdFunction>(name: F, parameter: keyof SimdArguments<F>): number {
  return PARAMETERS[name].indexOf(parameter as string);
}

/** What a SIMD entry is made of, with its arguments by name. */
interface NamedEntry<A, F extends SimdFunction> extends Omit<SimdEntry<A>, 'entry' | 'arguments'> {
  arguments(attributes: A, pointers: readonly number[], begin: number, end: number): SimdArguments<F>;
}

/**
 * An entry into the SIMD module, whose function `name` takes the arguments. They are asked for as a thread takes its share of
 * a command: an object literal whose spread stands last is made in 0.1 us, one whose spread stands first in 10.
 */
export function simdEntry<A = Attributes, F extends SimdFunction = SimdFunction>(
  name: F,
  { arguments: named, ...entry }: NamedEntry<A, F>,
): SimdEntry<A> {
  return {
    entry: name,
    ...entry,
    arguments: (...call) => simdArguments(name, named(...call)),
  };
}
