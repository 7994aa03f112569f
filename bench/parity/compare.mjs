/** How far two arrays are from each other. A value that is not a number is infinitely far from everything. */

/** The largest difference of two arrays of one length, each multiplied by `scale(index)`. */
export function largestDifference(found, expected, scale = () => 1) {
  if (found.length !== expected.length) {
    throw new Error(`${found.length} values found where ${expected.length} are expected`);
  }
  let largest = 0;
  for (let i = 0; i < found.length; i++) {
    const difference = Math.abs(found[i] - expected[i]) * scale(i);
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return largest;
}

/** The largest difference as a share of the largest expected value. */
export function relativeDifference(found, expected) {
  return largestDifference(found, expected) / largestDifference(expected, new Float64Array(expected.length));
}

/**
 * Of arrays by name, the one that is furthest off as a share of its largest expected value. An array of zeros must
 * be met exactly. Those that `vanishing` names are zero in exact arithmetic: on both sides they must be no more than
 * `rounding`, a share of the largest value of all, or they are infinitely far. Throws unless both maps have the same names.
 */
export function worstTensor(found, expected, { vanishing = null, rounding = 0 } = {}) {
  const surplus = [...found.keys()].filter((name) => !expected.has(name));
  const missing = [...expected.keys()].filter((name) => !found.has(name));
  if (surplus.length + missing.length > 0) {
    throw new Error(`names differ: ${[...surplus, ...missing].join(', ')} are on one side only`);
  }
  const size = (values) => largestDifference(values, new Float64Array(values.length));
  const limit = rounding * Math.max(...Array.from(expected.values(), size));
  const distance = (name, values) => {
    if (largestDifference(found.get(name), values) === 0) return 0;
    if (!vanishing?.test(name)) return relativeDifference(found.get(name), values);
    return Math.max(size(found.get(name)), size(values)) <= limit ? 0 : Number.POSITIVE_INFINITY;
  };
  let worst = { name: 'none', difference: 0 };
  for (const [name, values] of expected) {
    const difference = distance(name, values);
    if (difference > worst.difference) worst = { name, difference };
  }
  return worst;
}

/** At each place the largest value up to it. */
export function runningMaximum(values) {
  let largest = Number.NEGATIVE_INFINITY;
  return values.map((value) => {
    largest = Math.max(largest, value);
    return largest;
  });
}

/**
 * How far apart the two nearest rows are, as a share of the largest value: a comparison with a tolerance far
 * below it would notice pictures that were mixed up. Infinity for a single row.
 */
export function nearestRows(values, rowLength) {
  const row = (i) => values.subarray(i * rowLength, (i + 1) * rowLength);
  const largest = largestDifference(values, new Float64Array(values.length));
  let nearest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < values.length / rowLength; i++) {
    for (let j = 0; j < i; j++) nearest = Math.min(nearest, largestDifference(row(i), row(j)) / largest);
  }
  return nearest;
}
