/**
 * Options as JavaScript gives them: any name, or none. One that a function does not know would be left out without a
 * word, and the work done by a default.
 */
import { AttuneError } from './errors.js';
import { nearest } from './nearest.js';

/** By name, so that a table with one missing does not compile. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

/** Throws AttuneError 'usage' for options that are none, and for a name that `known` has not. */
export function refuseUnknownOptions(
  options: unknown,
  known: Readonly<Record<string, true>>,
  where: string,
): void {
  if (typeof options !== 'object' || options === null) {
    throw new AttuneError({
      code: 'usage',
      what: 'the options are missing',
      where,
      hint: 'give an object of options',
    });
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || Object.hasOwn(known, name)) continue;
    const meant = Object.hasOwn(known, camelCase(name))
      ? camelCase(name)
      : nearest(camelCase(name), Object.keys(known));
    throw new AttuneError({
      code: 'usage',
      what: `there is no option ${name}`,
      where,
      hint: meant === undefined ? 'leave it out' : `did you mean ${meant}?`,
    });
  }
}

/** `batchSize` of `batch_size`, and of `batch-size`. */
export function camelCase(name: string): string {
  return name.replaceAll(/[_-]+(.)/g, (_, letter: string) => letter.toUpperCase());
}
