/**
 * Weights for the classes of a data set whose classes differ in size.
 */

import { AttuneError } from '../errors.js';

/** `balanced` is power 1: every class counts the same. Power 0 changes nothing. */
export type ClassWeighting = 'balanced' | { readonly power: number };

/**
 * One weight per class, 1 / count^power, scaled so that their mean over the samples is 1: the
 * size of the loss, and with it the learning rate, keeps its meaning. With power 1 these are the
 * weights n / (classes * count) that scikit-learn calls "balanced".
 *
 * @param labels class index of each sample
 * @param classes number of classes
 * @throws AttuneError 'usage' if the power is negative or not finite
 * @throws AttuneError 'data' if a class has no sample: no weight could make up for that
 */
export function classWeights(
  labels: ArrayLike<number>,
  classes: number,
  weighting: ClassWeighting,
): Float64Array {
  const power = weighting === 'balanced' ? 1 : weighting.power;
  if (!Number.isFinite(power) || power < 0) {
    throw new AttuneError({
      code: 'usage',
      what: `the power of the class weights must be 0 or more, not ${power}`,
      where: '--class-weights',
      hint: 'give balanced, or a power such as 0.5',
    });
  }
  const counts = countLabels(labels, classes);
  const weights = counts.map((count) => count ** -power);
  const sum = weights.reduce((total, weight, label) => total + weight * counts[label], 0);
  return weights.map((weight) => (weight * labels.length) / sum);
}

function countLabels(labels: ArrayLike<number>, classes: number): Float64Array {
  const counts = new Float64Array(classes);
  for (let i = 0; i < labels.length; i++) {
    if (counts[labels[i]] === undefined) {
      throw new AttuneError({
        code: 'internal',
        what: `label ${labels[i]} of sample ${i} is none of ${classes} classes`,
        where: 'classWeights',
      });
    }
    counts[labels[i]]++;
  }
  const empty = counts.indexOf(0);
  if (empty === -1) return counts;
  throw new AttuneError({
    code: 'data',
    what: `class ${empty} has no image, so it cannot be weighted`,
    where: 'classWeights',
    hint: 'add images, or remove the class',
  });
}
