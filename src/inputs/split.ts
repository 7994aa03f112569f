/**
 * Splitting labelled samples so that every part has each class in the same proportion.
 *
 * Both functions see only the labels, in the order of the samples; `imageFolder` sorts its images
 * by name, so the outcome does not depend on the order in which a file system lists them. Each
 * class draws from its own random stream: adding a class does not reshuffle the others.
 */

import { AttuneError } from '../errors.js';
import { permutation, purpose, seededRandom } from './random.js';

export interface Split {
  /** Indices into the labels, ascending. */
  readonly train: number[];
  readonly val: number[];
}

/**
 * A stratified split: of each class, `round(fraction * count)` samples go to validation, but at
 * least one sample stays on each side where the class has two. A class of one sample trains.
 *
 * @param labels class index of each sample
 * @param fraction share for validation, in [0, 1); 0 means no validation at all
 * @throws AttuneError 'usage' if `fraction` or `seed` is out of range
 */
export function stratifiedSplit(labels: ArrayLike<number>, fraction: number, seed: number): Split {
  if (!(fraction >= 0 && fraction < 1)) {
    throw new AttuneError({
      code: 'usage',
      what: `the validation share must be at least 0 and below 1, not ${fraction}`,
      where: '--val-split',
      hint: 'give a fraction such as 0.2',
    });
  }
  const inVal = new Uint8Array(labels.length);
  if (fraction > 0) {
    for (const [label, members] of samplesByLabel(labels)) {
      if (members.length < 2) continue;
      const wanted = Math.round(fraction * members.length);
      const count = Math.min(Math.max(wanted, 1), members.length - 1);
      const order = permutation(members.length, seededRandom(seed, purpose.split, label));
      for (const position of order.subarray(0, count)) inVal[members[position]] = 1;
    }
  }
  const indices = Array.from(inVal.keys());
  return {
    train: indices.filter((index) => inVal[index] === 0),
    val: indices.filter((index) => inVal[index] === 1),
  };
}

/**
 * Stratified folds for cross-validation: the fold (0 .. folds-1) of each sample. Within a class
 * the fold sizes differ by at most one, and so do the sizes of the folds as a whole.
 *
 * @param labels class index of each sample
 * @param folds how many, at least 2 and at most the number of samples
 * @throws AttuneError 'usage' if `folds` or `seed` is out of range
 */
export function stratifiedFolds(labels: ArrayLike<number>, folds: number, seed: number): Int32Array {
  if (!Number.isInteger(folds) || folds < 2 || folds > labels.length) {
    throw new AttuneError({
      code: 'usage',
      what: `${labels.length} samples cannot be cut into ${folds} folds`,
      where: 'stratifiedFolds',
      hint: 'use at least 2 folds and at most one per sample',
    });
  }
  const foldOf = new Int32Array(labels.length);
  // Dealing on where the last class ended keeps the folds even when classes are small.
  let next = 0;
  for (const [label, members] of samplesByLabel(labels)) {
    const order = permutation(members.length, seededRandom(seed, purpose.folds, label));
    for (const position of order) {
      foldOf[members[position]] = next;
      next = (next + 1) % folds;
    }
  }
  return foldOf;
}

/** The samples of each class in their order, classes ascending. */
export function samplesByLabel(labels: ArrayLike<number>): [number, number[]][] {
  const members = new Map<number, number[]>();
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index];
    const list = members.get(label);
    if (list) list.push(index);
    else members.set(label, [index]);
  }
  return [...members].sort(([a], [b]) => a - b);
}
