/** What a comparison of runs tells. */
import type { ComparedRun } from './compared-run.js';

/** A field of the recipes that is not the same in all runs, with its value in each. */
export interface Difference {
  readonly field: string;
  readonly values: readonly unknown[];
}

/** Two runs over the same images, by their places in the list of runs. */
export interface PairedRuns {
  readonly runs: readonly [number, number];
  readonly images: number;
  /** Images that only the first, and only the second, has right. */
  readonly only: readonly [number, number];
  /** The p value of McNemar's exact test. */
  readonly p: number;
}

/** The JSON document of `attune compare`. */
export interface CompareResult {
  readonly page: string;
  readonly runs: readonly ComparedRun[];
  /** Folders that are no runs, or damaged, with a sentence on each. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  readonly differences: readonly Difference[];
  readonly paired: readonly PairedRuns[];
}
