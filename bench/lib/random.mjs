/** Numbers of a seeded generator (mulberry32: 32 bits of state), so that every engine gets the same ones. */

/** A function that returns the next number, uniform in [0, 1). */
export function uniformGenerator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` numbers, uniform between `low` and `high`. */
export function uniforms(next, count, low, high) {
  return Float32Array.from({ length: count }, () => low + (high - low) * next());
}

/** Class indices of a batch, spread over the classes. */
export function classIndices(batch, classes) {
  return Int32Array.from({ length: batch }, (_, i) => (i * 337 + 11) % classes);
}

/** A batch of already normalised images [batch, side, side, channels] in [-2, 2), as ImageNet's preprocessing gives. */
export function randomImages(seed, batch, side, channels = 3) {
  return uniforms(uniformGenerator(seed), batch * side * side * channels, -2, 2);
}
