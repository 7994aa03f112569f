/**
 * Losses that explode: not finite, or so far above guessing and the steps before, or above what the stage began with, that
 * the weights have gone astray. The state that was saved last has weights from before. Either the run stops with what to
 * do, or it goes back to that state, with lower rates.
 */
import { AttuneError } from '../errors.js';
import { commandLine } from '../runs/command-line.js';
import type { RunState } from '../runs/run-state.js';

/** A loss of so many times that of guessing, and of the steps before, is no loss of a network that learns. */
const EXPLODED = 100;

/**
 * The same of an epoch's mean so far, measured against guessing and the loss that the stage began with: a loss that climbs
 * step by step is never 100 times that of the steps before.
 */
const CLIMBED = 20;
/** Steps of an epoch below which their mean may be that of one strange batch. */
const LEAST_STEPS = 4;

/** What each retry multiplies the rates with, and how many there are. */
const RETRY_FACTOR = 0.1;
const MOST_RETRIES = 2;
const LOWERED = ['', 'a tenth', 'a hundredth'] as const;

/** A step's loss and what it is measured against. */
export interface StepLoss {
  /** From 1. */
  readonly step: number;
  readonly loss: number;
  /** The loss of guessing. */
  readonly guessed: number;
  /** Mean of the steps before; null at the first one, which tells where an untrained network begins, however high that is. */
  readonly before: number | null;
  /** What the stage began with; null where that was not measured. */
  readonly began: number | null;
  /** Mean over the steps of this epoch, this one included, and how many they are. */
  readonly epoch: { readonly mean: number; readonly steps: number };
}

/** Throws AttuneError 'numeric' for the loss of a step that has exploded. */
export function assertNotExploded({ step, loss, guessed, before, began, epoch }: StepLoss): void {
  const fail = (what: string) => {
    throw new AttuneError({ code: 'numeric', what });
  };
  if (!Number.isFinite(loss)) fail(`the loss of step ${step} is not finite`);
  if (before !== null && loss > EXPLODED * Math.max(guessed, before)) {
    const [usual, of] = guessed >= before ? [guessed, 'guessing'] : [before, 'the steps before'];
    fail(
      `the loss of step ${step} is ${loss.toPrecision(3)}, more than ${EXPLODED} times the ${usual.toPrecision(3)} of ${of}`,
    );
  }
  if (began !== null && epoch.steps >= LEAST_STEPS && epoch.mean > CLIMBED * Math.max(guessed, began)) {
    const [usual, of] = guessed >= began ? [guessed, 'guessing'] : [began, 'its beginning'];
    fail(
      `the loss has climbed to a mean of ${epoch.mean.toPrecision(3)} by step ${step}, more than ${CLIMBED} times the ${usual.toPrecision(3)} of ${of}`,
    );
  }
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
      ? 'lower --lr and --head-lr, or look for broken files; the state before it is saved'
      : `start with a lower --lr and --head-lr, or go on from the last save at a tenth of them: ${goOn}`;
  return new AttuneError({ code, what: what + lowered, where, hint }, { cause: error });
}
