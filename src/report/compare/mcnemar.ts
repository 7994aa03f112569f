/** Whether two classifiers differ, by the images that only one of them has right (McNemar, 1947). */

/**
 * The exact two-sided p-value: how probable it is that images fall so unevenly to the two when either is as likely to
 * be the one that is right, by the binomial distribution of `onlyFirst` among both. 1 where there are none.
 */
export function mcnemar(onlyFirst: number, onlySecond: number): number {
  const all = onlyFirst + onlySecond;
  // Sums of logarithms: 2^all overflows from 1,024 on.
  let term = -all * Math.LN2;
  let sum = 0;
  for (let k = 0; k <= Math.min(onlyFirst, onlySecond); k++) {
    sum += Math.exp(term);
    term += Math.log((all - k) / (k + 1));
  }
  return Math.min(1, 2 * sum);
}
