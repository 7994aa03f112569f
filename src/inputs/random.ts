/**
 * The random choices about images: which go to validation, which fold, which batch, which crop.
 *
 * A small generator of our own, so that a seed gives the same split on every platform and in
 * every version of Node: xoshiro128** 1.1 (Blackman and Vigna, "Scrambled Linear Pseudorandom
 * Number Generators", 2018), whose 128 bits of state are filled by the SplitMix32 finaliser from
 * the seed and any further words (purpose, epoch, class). Different words give unrelated streams,
 * so the order of an epoch is a pure function of seed and epoch and needs no saved state.
 */

import { AttuneError } from '../errors.js';

export interface Random {
  /** The next 32 random bits, as an integer in [0, 2^32). */
  uint32(): number;
  /** An unbiased integer in [0, bound); `bound` from 1 to 2^32. */
  below(bound: number): number;
  /** The next 32 random bits as a fraction in [0, 1). */
  uniform(): number;
}

/** What a stream is for; streams of one seed with different purposes are independent. */
export const purpose = {
  split: 1,
  folds: 2,
  shuffle: 3,
  augmentation: 4,
  sampling: 5,
  erasing: 6,
  transforms: 7,
} as const;

/** A generator that depends on `seed` (a safe integer) and on every one of `words`, in order. */
export function seededRandom(seed: number, ...words: number[]): Random {
  for (const word of [seed, ...words]) {
    if (!Number.isSafeInteger(word)) {
      throw new AttuneError({
        code: 'usage',
        what: `a seed must be an integer below 2^53, not ${word}`,
        where: '--seed',
        hint: 'give a whole number such as 42',
      });
    }
  }
  const state = mixWords([seed, ...words]);
  const uint32 = () => nextXoshiro128(state);
  return {
    uint32,
    below: (bound) => boundedInteger(uint32, bound),
    uniform: () => uint32() / 2 ** 32,
  };
}

/** The integers 0 .. length-1 in random order (Fisher and Yates). */
export function permutation(length: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const kept = order[last];
    order[last] = order[other];
    order[other] = kept;
  }
  return order;
}

/** Absorbs each word's low and high half into one 32-bit value, then expands it to the state. */
function mixWords(words: readonly number[]): Uint32Array {
  let mixed = 0;
  const state = new Uint32Array(4);
  for (const word of words) {
    for (const half of [word >>> 0, Math.floor(word / 2 ** 32) >>> 0]) {
      mixed = splitMix32(mixed ^ half);
      // Every word reaches every state word, so 32 bits of `mixed` do not limit the state.
      for (let i = 0; i < 4; i++) state[i] = splitMix32(state[i] ^ mixed ^ Math.imul(i, 0x9e3779b9));
    }
  }
  if (state.every((word) => word === 0)) state[0] = 1; // the one state xoshiro cannot leave
  return state;
}

/** One step of SplitMix32: add the golden ratio, then mix (multipliers from the hash-prospector search). */
function splitMix32(value: number): number {
  let mixed = (value + 0x9e3779b9) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

function nextXoshiro128(state: Uint32Array): number {
  const result = Math.imul(rotateLeft(Math.imul(state[1], 5), 7), 9) >>> 0;
  const shifted = state[1] << 9;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = rotateLeft(state[3], 11);
  return result;
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** Rejects the few values at the top of the range that would favour small remainders. */
function boundedInteger(uint32: () => number, bound: number): number {
  const fair = 2 ** 32 - (2 ** 32 % bound);
  let value = uint32();
  while (value >= fair) value = uint32();
  return value % bound;
}

/** What the random numbers of one picture in one epoch depend on. */
export interface Sample {
  readonly seed: number;
  readonly epoch: number;
  /** Place of the picture in the data set. */
  readonly index: number;
}
