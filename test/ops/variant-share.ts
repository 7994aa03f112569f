/**
 * Which variants of the products run in the quick share of the tests. On a software adapter most of a test's time is
 * compiling: the large workgroup tiles, which only hardware GPUs choose, are left to the slow share. The smallest
 * one stands for them: all are one shader with other sizes. Split variants are slow ones with a file of their own.
 */
export type Share = 'quick' | 'slow' | 'split';

export function variantsIn(share: Share, variants: Readonly<Record<string, unknown>>): string[] {
  const shareOf = (name: string): Share => {
    if (name.startsWith('split')) return 'split';
    return /^tile(64|128)|^winograd/.test(name) ? 'slow' : 'quick';
  };
  return Object.keys(variants).filter((name) => shareOf(name) === share);
}
