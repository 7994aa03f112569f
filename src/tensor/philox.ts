/**
 * Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011): random
 * numbers as a function of a key and a counter. There is no state to save: the same place in a run gives the
 * same numbers, in any order, on any device. shaders/lib/philox.wgsl computes the same words.
 */

import { AttuneError } from '../errors.js';

/** What a stream of random numbers is for: a part of the key, so that streams never meet. */
export const PURPOSE = { dropout: 1, initialization: 2, shuffle: 3, augmentation: 4, mixing: 5 } as const;

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** Four random u32 words for `counter` under `key`. */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = highWord(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = highWord(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** A word as a number in [0, 1): its upper 24 bits, exact in float32. */
export function uniform(word: number): number {
  return (word >>> 8) * 2 ** -24;
}

/** The upper 32 bits of the 64-bit product of two u32. */
function highWord(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const middle2 = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + (middle2 >>> 16)) >>> 0;
}

/** `count` numbers in [0, 1), a function of seed, purpose and stream: each array of a model draws from its own. */
export function uniforms(count: number, seed: number, purpose: number, stream = 0): Float64Array {
  const result = new Float64Array(count);
  for (let i = 0; i < count; i += 4) {
    const words = philox([i / 4, stream, 0, 0], [seed >>> 0, purpose]);
    for (let lane = 0; lane < 4 && i + lane < count; lane++) result[i + lane] = uniform(words[lane]);
  }
  return result;
}

/** Numbers in [0, 1) one after another, for who does not know how many it takes: a function of seed, purpose and stream. */
export function uniformSource(seed: number, purpose: number, stream: number): () => number {
  let drawn = 0;
  let words: readonly number[] = [];
  return () => {
    const lane = drawn % 4;
    if (lane === 0) words = philox([drawn / 4, stream, 0, 0], [seed >>> 0, purpose]);
    drawn++;
    return uniform(words[lane]);
  };
}

/** `count` standard normals by the Box-Muller transform, a function of seed, purpose and stream. */
export function normals(count: number, seed: number, purpose: number, stream = 0): Float64Array {
  const even = count + (count & 1);
  const u = uniforms(even, seed, purpose, stream);
  const result = new Float64Array(count);
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - u[i]));
    const angle = 2 * Math.PI * u[i + 1];
    result[i] = radius * Math.cos(angle);
    if (i + 1 < count) result[i + 1] = radius * Math.sin(angle);
  }
  return result;
}

/** A source of random numbers for operations inside programs: a seed and the step, which the trainer advances. */
export interface Generator {
  readonly seed: number;
  /** Grows by one per training step; stored by checkpoints. */
  step: number;
}

/** A generator at step 0. `seed` is a whole number from 0 to 2^32 - 1. */
export function generator(seed: number): Generator {
  if (seed >>> 0 !== seed) {
    throw new AttuneError({
      code: 'program',
      what: `${seed} is not a seed`,
      hint: 'a whole number from 0 to 4294967295 is',
    });
  }
  return { seed, step: 0 };
}

/** Checks a generator given from JavaScript: throws AttuneError 'program' for anything else, as for other options. */
export function requireGenerator(given: Generator): void {
  if (Number.isInteger(given?.seed) && Number.isInteger(given.step)) return;
  throw new AttuneError({
    code: 'program',
    what: 'random numbers are needed, and there is no generator of them',
    hint: 'a forward pass that trains takes { random: generator(seed) }',
  });
}
