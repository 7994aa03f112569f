/**
 * Options as JavaScript gives them: any name, or none. One that a function does not know would be left out without a
 * word, and the work done by a default.
 */
import { AttuneError } from './errors.js';
import { nearest } from './nearest.js';

/** By name, so that a table with one missing does not compile. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

/**
 * Throws AttuneError 'usage' for options that are none, and for a name that `known` has not. Operations call it at every
 * recording: where all is well it makes no object.
 */
export function refuseUnknownOptions(
  options: unknown,
  known: Readonly<Record<string, true>>,
  where: string,
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw noOptions(options, known, where);
  // Inherited ones, too: they would be read like the object's own.
  for (const name in options) {
    if (Object.hasOwn(known, name) || options[name as keyof typeof options] === undefined) continue;
    const meant = meantBy(camelCase(name), known);
    throw new AttuneError({
      code: 'usage',
      what: `there is no option ${name}`,
      where,
      hint: meant === undefined ? withoutIt(known) : `did you mean ${meant}?`,
    });
  }
}

/** The same name in other letters; the nearest; or one that is longer or shorter: `eps` of epsilon, `kernelSize` of kernel. */
function meantBy(name: string, known: Readonly<Record<string, true>>): string | undefined {
  if (Object.hasOwn(known, name)) return name;
  const names = Object.keys(known);
  const isBeginning = (other: string) => other.startsWith(name) || name.startsWith(other);
  return nearest(name, names) ?? (name.length < 2 ? undefined : names.find(isBeginning));
}

function withoutIt(known: Readonly<Record<string, true>>): string {
  return Object.keys(known).length === 0 ? 'leave it out' : `leave it out; there are ${listed(known)}`;
}

/**
 * Checks the `kind` that objects are told apart by: throws AttuneError 'usage' for one that `kinds` has not.
 * @param what what they are, for the error: a schedule
 */
export function refuseUnknownKind(
  kind: unknown,
  kinds: Readonly<Record<string, unknown>>,
  what: string,
  where: string,
): void {
  if (typeof kind === 'string' && Object.hasOwn(kinds, kind)) return;
  const names = Object.keys(kinds);
  const meant = typeof kind === 'string' ? nearest(kind, names) : undefined;
  throw new AttuneError({
    code: 'usage',
    what: `there is no ${what} ${String(kind)}`,
    where,
    hint: meant === undefined ? `there are ${names.join(', ')}` : `did you mean ${meant}?`,
  });
}

function noOptions(given: unknown, known: Readonly<Record<string, true>>, where: string): AttuneError {
  const words: Partial<Record<string, string>> = {
    string: 'a string',
    function: 'a function',
    object: 'null',
  };
  const kind = Array.isArray(given) ? 'an array' : (words[typeof given] ?? String(given));
  return new AttuneError({
    code: 'usage',
    what: given === undefined ? 'the options are missing' : `the options are ${kind}, which is no object`,
    where,
    hint: `give an object of options: ${listed(known)}`,
  });
}

/** The names of a table; of a long one the first, which are the most important ones. */
function listed(known: Readonly<Record<string, true>>): string {
  const names = Object.keys(known);
  return names.length <= 8 ? names.join(', ') : `${names.slice(0, 8).join(', ')}, ...`;
}

/** The members of a union in one: of the rows of a table, what all of them have. */
export type Joined<T> = (T extends unknown ? (row: T) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** The type of `camelCase` of a name in snake case. */
export type Camel<Name extends string> = Name extends `${infer First}_${infer Rest}`
  ? `${First}${Capitalize<Camel<Rest>>}`
  : Name;

/** `batchSize` of `batch_size`, and of `batch-size`. */
export function camelCase(name: string): string {
  return name.replaceAll(/[_-]+(.)/g, (_, letter: string) => letter.toUpperCase());
}
