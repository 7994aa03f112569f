/**
 * Losses that explode: not finite, or so far above guessing and the steps before that the weights have gone astray. The
 * state that was saved last has weights from before. Either the run stops with what to do, or it goes back to that state,
 * with lower rates.
 */
import { AttuneError } from '../../errors.js';
import { commandLine } from '../command-line.js';
import type { RunState } from './run-state.js';

/** A loss of so many times that of guessing, and of the steps before, is no loss of a network that learns. */
const EXPLODED = 100;

/** What each retry multiplies the rates with, and how many there are. */
const RETRY_FACTOR = 0.1;
const MOST_RETRIES = 2;
const LOWERED = ['', 'a tenth', 'a hundredth'] as const;

/**
 * Throws AttuneError 'numeric' for the mean loss of a step that has exploded. `guessed` is the loss of guessing, `before` the
 * mean of the steps before; null at the first one, which tells where an untrained network begins, however high that is.
 */
export function assertNotExploded(step: number, loss: number, guessed: number, before: number | null): void {
  const isNumber = Number.isFinite(loss);
  if (isNumber && (before === null || loss <= EXPLODED * Math.max(guessed, before))) return;
  const usual = Math.max(guessed, before ?? 0);
  const of = usual === guessed ? 'guessing' : 'the steps before';
  const fault = isNumber
    ? `${loss.toPrecision(3)}, more than ${EXPLODED} times the ${usual.toPrecision(3)} of ${of}`
    : 'not finite';
  throw new AttuneError({ code: 'numeric', what: `the loss of step ${step} is ${fault}` });
}

/** What the rates of a run are multiplied with after its explosions. */
export function rateFactor({ explosions }: Pick<RunState, 'explosions'>): number {
  return RETRY_FACTOR ** explosions.length;
}

type Exploding = Pick<RunState, 'recipe' | 'explosions' | 'progress'>;

/** Whether a run is to go back after a failure. */
export function isRetried(error: unknown, { recipe, explosions }: Exploding): error is AttuneError {
  if (!(error instanceof AttuneError) || error.code !== 'numeric') return false;
  return recipe.on_explosion === 'retry' && explosions.length < MOST_RETRIES;
}

/** What a run tells that goes back. */
export function retryText(error: AttuneError, { explosions }: Exploding, step: number): string {
  const retry = explosions.length + 1;
  return `Note: ${error.what}. The run goes back to its last save, ${step} ${step === 1 ? 'step' : 'steps'} in, and goes on at ${LOWERED[retry]} of its rates (retry ${retry} of ${MOST_RETRIES}).`;
}

/** The failure of a run that does not go back, with what to do. */
export function exploded(error: AttuneError, { recipe, explosions }: Exploding, folder: string): AttuneError {
  const { code, what, where } = error;
  const retries = explosions.length;
  const lowered = retries === 0 ? '' : `, also at ${LOWERED[retries]} of the rates`;
  const goOn = commandLine(['finetune', '--resume', folder, '--on-explosion', 'retry']);
  const hint =
    recipe.on_explosion === 'retry'
      ? 'lower --lr and --head-lr, or look for broken images; the state before it is saved'
      : `start with a lower --lr and --head-lr, or go on from the last save at a tenth of them: ${goOn}`;
  return new AttuneError({ code, what: what + lowered, where, hint }, { cause: error });
}
