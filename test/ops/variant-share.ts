/**
 * Which variants of the products run in the quick share of the tests. On a software adapter most of a test's time is
 * compiling: the large workgroup tiles, which only hardware GPUs choose, are left to the slow share. The smallest
 * one stands for them: all are one shader with other sizes.
 */
export type Share = 'quick' | 'slow';

export function variantsIn(share: Share, variants: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(variants).filter(
    (name) => /^tile(64|128)|^winograd|^split/.test(name) === (share === 'slow'),
  );
}
