/**
 * Values of flags: text in, checked value out. All are checked while the command line is parsed, before anything is
 * opened; what is wrong throws AttuneError 'usage', naming the flag, the value and what would be right.
 */
import type { AttuneError } from '../errors.js';
import { nearest } from '../nearest.js';
import { usageError } from './errors.js';
import { count } from './text.js';

/** @param flag where the value stands, `--batch-size` */
export type Parse<T> = (text: string, flag: string) => T;

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most: number): Parse<number> {
  const expected = `give a whole number from ${count(least)} to ${count(most)}`;
  return (text, flag) => {
    const value = Number(text);
    if (NUMBER.test(text) && Number.isInteger(value) && value >= least && value <= most) return value;
    throw wrongValue(text, flag, expected);
  };
}

/** A number of at least 0 and below 1. */
export const fractionBelowOne: Parse<number> = (text, flag) => {
  const value = Number(text);
  if (NUMBER.test(text) && value >= 0 && value < 1) return value;
  const example = /^0?,\d+$/.test(text)
    ? `written with a point: ${text.replace(/^0?,/, '0.')}`
    : 'such as 0.2';
  throw wrongValue(text, flag, `give a number from 0 to less than 1, ${example}`);
};

/** One of a few words. */
export function choice<T extends string>(choices: readonly T[]): Parse<T> {
  const all =
    choices.length === 1 ? `only ${choices[0]} is possible` : `the choices are ${choices.join(', ')}`;
  return (text, flag) => {
    const found = choices.find((candidate) => candidate === text);
    if (found !== undefined) return found;
    const guess = nearest(text, choices);
    throw wrongValue(text, flag, guess === undefined ? all : `did you mean ${guess}? ${all}`);
  };
}

/** A path or a name. What looks like the next flag is none: the value was forgotten. */
export const words: Parse<string> = (text, flag) => {
  if (text.trim() === '') throw wrongValue(text, flag, 'give a name or a path');
  if (text.startsWith('--')) {
    throw usageError(
      'the value is missing',
      flag,
      `${text} is a flag; a file of that name is written ./${text}`,
    );
  }
  return text;
};

function wrongValue(text: string, flag: string, hint: string): AttuneError {
  return usageError(`${JSON.stringify(text)} is no value for this flag`, flag, hint);
}
