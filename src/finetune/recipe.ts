/**
 * The recipe: a run as one plain object, every default resolved. It is printed, stored in the run folder, and
 * enough to run it again.
 */
import { resolve } from 'node:path';
import { AttuneError } from '../errors.js';
import { nearest } from '../nearest.js';
import type { FinetuneOptions } from './options.js';

export const STRATEGIES = ['probe'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** Sides of the network's input that make sense: below, nothing is left after five halvings. */
const SMALLEST_SIDE = 32;
const LARGEST_SIDE = 1024;

export interface Recipe {
  readonly data: string;
  readonly val: string | null;
  readonly val_split: number;
  readonly model: string;
  readonly weights: string;
  readonly strategy: Strategy;
  /** Null: until the head converges. */
  readonly head_epochs: number | null;
  readonly image_size: number;
  readonly augment: 'none';
  readonly seed: number;
  readonly device: string;
  readonly adapter: string | null;
}

/** What of the options can be checked without looking at a file. Throws AttuneError 'usage'. */
export function checkOptions(options: FinetuneOptions): void {
  const { strategy = 'probe', imageSize, headEpochs, seed } = options;
  if (!STRATEGIES.some((known) => known === strategy)) {
    const guess = nearest(strategy, STRATEGIES);
    const hint = guess === undefined ? `choose ${STRATEGIES.join(' or ')}` : `did you mean ${guess}?`;
    throw usage(`the strategy ${JSON.stringify(strategy)} is not known`, '--strategy', hint);
  }
  if (imageSize !== undefined && !isWhole(imageSize, SMALLEST_SIDE, LARGEST_SIDE)) {
    throw usage(`the image size must be a whole number from ${SMALLEST_SIDE} to ${LARGEST_SIDE}, not ${imageSize}`, '--image-size');
  }
  if (headEpochs !== undefined && !isWhole(headEpochs, 1, 1e6)) {
    throw usage(`the number of head epochs must be a whole number of at least 1, not ${headEpochs}`, '--head-epochs');
  }
  if (seed !== undefined && !isWhole(seed, 0, 2 ** 32 - 1)) {
    throw usage(`the seed must be a whole number from 0 to ${2 ** 32 - 1}, not ${seed}`, '--seed');
  }
}

/** The recipe with every default resolved. `model` and `weights` are those that were loaded. */
export function resolveRecipe(
  options: FinetuneOptions,
  loaded: { readonly model: string; readonly weights: string; readonly side: number },
): Recipe {
  return {
    data: resolve(options.data),
    val: options.val === undefined ? null : resolve(options.val),
    val_split: options.valSplit ?? DEFAULTS.valSplit,
    model: loaded.model,
    weights: loaded.weights,
    strategy: 'probe',
    head_epochs: options.headEpochs ?? null,
    image_size: loaded.side,
    augment: 'none',
    seed: options.seed ?? DEFAULTS.seed,
    device: options.device ?? 'auto',
    adapter: options.adapter ?? null,
  };
}

export const DEFAULTS = { valSplit: 0.2, seed: 42 } as const;

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function usage(what: string, where: string, hint?: string): AttuneError {
  return new AttuneError({ code: 'usage', what, where, hint });
}
