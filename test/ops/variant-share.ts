/**
 * Which variants of the products run in the quick share of the tests. On a software adapter most of a test's time is
 * compiling: the large workgroup tiles, which only hardware GPUs choose, are left to the slow share. The smallest
 * one stands for them: all are one shader with other sizes. Split variants are slow ones with a file of their own.
 */
import type { Kernel } from '#src/device/kernel';
import { sharedWebGPU } from '../device/shared-webgpu.js';

export type Share = 'quick' | 'slow' | 'split';

/** The kernel's variants in this share that the adapter can run; says which ones it cannot. */
// biome-ignore lint/suspicious/noExplicitAny: of kernels with any attributes.
export async function variantsIn(share: Share, { name, shader }: Kernel<any>): Promise<string[]> {
  const { traits } = await sharedWebGPU();
  const runs = (variant: string) => shader.variants[variant].supports?.(traits) ?? true;
  const inShare = namesIn(share, shader.variants);
  const others = inShare.filter((variant) => !runs(variant));
  if (others.length > 0) console.log(`# ${name}: not run, for this adapter cannot: ${others.join(', ')}`);
  return inShare.filter(runs);
}

/** Of all adapters. */
export function namesIn(share: Share, variants: Readonly<Record<string, unknown>>): string[] {
  const shareOf = (name: string): Share => {
    if (name.startsWith('split')) return 'split';
    return /^tile(64|128)|^winograd/.test(name) ? 'slow' : 'quick';
  };
  return Object.keys(variants).filter((name) => shareOf(name) === share);
}
