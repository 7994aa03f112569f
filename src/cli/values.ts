/**
 * Values of flags: text in, checked value out. All are checked while the command line is parsed, before anything is
 * opened; what is wrong throws AttuneError 'usage', naming the flag, the value and what would be right.
 */
import type { AttuneError } from '../errors.js';
import { nearest } from '../nearest.js';
import { usageError } from './errors.js';
import { ourName } from './other-names.js';
import { count } from '../text.js';

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

/** A whole number, or a word that stands for a choice of attune's. */
export function wholeNumberOr<T extends string>(word: T, least: number, most: number): Parse<number | T> {
  const expected = `give a whole number from ${count(least)} to ${count(most)}, or ${word}`;
  const parse = wholeNumber(least, most);
  return (text, flag) => {
    if (text === word) return word;
    try {
      return parse(text, flag);
    } catch {
      throw wrongValue(text, flag, expected);
    }
  };
}

/** Whole numbers with commas between them. */
export function wholeNumbers(least: number, most: number): Parse<readonly number[]> {
  const expected = `give whole numbers from ${count(least)} to ${count(most)} with commas between them, such as 10,20`;
  const parse = wholeNumber(least, most);
  return (text, flag) => {
    try {
      return text.split(',').map((each) => parse(each.trim(), flag));
    } catch {
      throw wrongValue(text, flag, expected);
    }
  };
}

/** A number of at least 0 and below 1. */
export const fractionBelowOne: Parse<number> = realNumber(
  'from 0 to less than 1',
  '0.2',
  (value) => value >= 0 && value < 1,
);

/** A number from `least` to `most`. */
export function numberFrom(least: number, most: number): Parse<number> {
  return realNumber(
    `from ${count(least)} to ${count(most)}`,
    '0.5',
    (value) => value >= least && value <= most,
  );
}

/** A number above 0, and 1 at most. */
export const factorUpToOne: Parse<number> = realNumber(
  'above 0, 1 at most',
  '0.75',
  (value) => value > 0 && value <= 1,
);

/** A number above 0 and below 1. */
export const fractionInside: Parse<number> = realNumber(
  'above 0 and below 1',
  '0.3',
  (value) => value > 0 && value < 1,
);

/** A number above `bound`. */
export function numberAbove(bound: number): Parse<number> {
  return realNumber(`above ${bound}`, '0.001', (value) => value > bound && Number.isFinite(value));
}

/** @param range in words, for the hint */
function realNumber(range: string, example: string, isInRange: (value: number) => boolean): Parse<number> {
  return (text, flag) => {
    const value = Number(text);
    if (NUMBER.test(text) && isInRange(value)) return value;
    const decimalComma = /^(\d*),(\d+)$/.exec(text);
    const advice =
      decimalComma === null
        ? `such as ${example}`
        : `written with a point: ${decimalComma[1] || '0'}.${decimalComma[2]}`;
    throw wrongValue(text, flag, `give a number ${range}, ${advice}`);
  };
}

/**
 * One of a few words.
 * @param otherNames what other tools call them, for the hint
 */
export function choice<T extends string>(
  choices: readonly T[],
  otherNames: Readonly<Record<string, string>> = {},
): Parse<T> {
  const all =
    choices.length === 1 ? `only ${choices[0]} is possible` : `the choices are ${choices.join(', ')}`;
  return (text, flag) => {
    const found = choices.find((candidate) => candidate === text);
    if (found !== undefined) return found;
    const guess = ourName(text, otherNames) ?? nearest(text, choices);
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

/** Names between commas: `age,weight`. */
export const names: Parse<readonly string[]> = (text, flag) => {
  const found = words(text, flag)
    .split(',')
    .map((name) => name.trim());
  if (found.includes(''))
    throw wrongValue(text, flag, 'give names with a comma between them, as in age,weight');
  return found;
};

function wrongValue(text: string, flag: string, hint: string): AttuneError {
  return usageError(`${JSON.stringify(text)} is no value for this flag`, flag, hint);
}
