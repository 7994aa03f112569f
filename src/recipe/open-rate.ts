/** Which runs measure their learning rates before the first step (training/bearable-rate.ts), and how high these may become. */
import { NO_WEIGHTS } from '../weights/index.js';
import type { Recipe } from './recipe-schema.js';

/** How many times the usual rate a measured one may become. */
export const HIGHEST = 4;
/** More digits of a measured rate would tell nothing. */
const DIGITS = 2;

export type Rates = Pick<Recipe, 'lr' | 'head_lr'>;

/**
 * Whether a run measures its rates: behind a fitted head, where nobody gave any. From random values the trunk has everything
 * to learn, whatever a head on it bears.
 */
export function isRateOpen(
  { strategy, weights }: Pick<Recipe, 'strategy' | 'weights'>,
  given: Partial<Rates>,
): boolean {
  const hasFittedHead = strategy === 'probe-then-full' || strategy === 'gradual';
  return hasFittedHead && weights !== NO_WEIGHTS && given.lr === undefined && given.head_lr === undefined;
}

/** The rates at so many times the usual ones, the head's in its proportion. */
export function scaledRates({ lr: usual, head_lr }: Rates, factor: number): Rates {
  const lr = Number((factor * usual).toPrecision(DIGITS));
  return { lr, head_lr: Number(((lr * head_lr) / usual).toPrecision(DIGITS)) };
}
