/** What `attune bench` measures: its parts, and the rows of its results, which `--json` prints as they are. */
import type { DeviceKind } from '../../device/backend.js';

export const BENCH_PARTS = ['kernels', 'models', 'startup'] as const;

export type BenchPart = (typeof BENCH_PARTS)[number];

/** Some samples of one quantity. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly samples: number;
}

/** Where a row was measured; every row says it. */
export interface BenchDevice {
  readonly kind: DeviceKind;
  readonly adapter: string;
  /** Whether a processor plays the GPU. */
  readonly software: boolean;
}

/** What the device can do at most (device/ceilings.ts). */
export interface CeilingRow {
  readonly part: 'ceilings';
  readonly gflops: number;
  readonly gigabytes_per_second: number;
}

/** One operation alone. A multiply-add is two operations; bytes are those of operands and result, each once. */
export interface KernelRow {
  readonly part: 'kernels';
  readonly name: string;
  /** The variant of the launch that took longest. */
  readonly variant: string;
  /** By the device's own clock where it has one, else by that of the host. */
  readonly milliseconds: Spread;
  readonly gflops: number;
  readonly gigabytes_per_second: number;
  /** Which of the two ceilings is the nearer one for as many operations and bytes. */
  readonly bound: 'arithmetic' | 'memory';
  /** The least time that the ceilings allow by the median time. Above 1 where caches, or a better algorithm, help. */
  readonly share: number;
}

/** A network at work: images on the host to results on the host; training with its update. */
export interface ModelRow {
  readonly part: 'models';
  readonly name: string;
  readonly batch: number;
  readonly images_per_second: Spread;
  /** The most device memory at once, weights and all. */
  readonly peak_bytes: number;
}

/** Training steps of a process that has just begun. */
export interface StartupRow {
  readonly part: 'startup';
  readonly name: string;
  readonly batch: number;
  /** To open the device. */
  readonly open_seconds: number;
  /** The first step: plans and pipelines are made. */
  readonly first_seconds: number;
  /** The steps after it. */
  readonly later_seconds: Spread;
}

export type BenchRow = CeilingRow | KernelRow | ModelRow | StartupRow;

export function spreadOf(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted[sorted.length - 1], samples: sorted.length };
}
