/**
 * `attune lr-find`: trains a few steps with a rate that grows from one to the next, and says from the losses which
 * rate to begin with (Smith, Cyclical Learning Rates, 2017; the rule is fastai's "valley").
 *
 * Nothing is written, and the model has the weights afterwards that the sweep began with.
 */
import { AttuneError } from '../errors.js';
import { refuseProbe } from '../recipe/contradictions.js';
import { summarize } from '../runs/device.js';
import { NO_WEIGHTS } from '../weights/index.js';
import { beginFull } from '../training/begin-full.js';
import { EMPTY_EPOCH } from '../training/epoch-end.js';
import { throwIfAborted } from '../interruption.js';
import { checkCount, FINETUNE_NAMES, refuseUnknown } from '../recipe/option-names.js';
import type { FinetuneOptions, ProfileOptions, RunContext } from '../recipe/options.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import type { DeviceSummary } from '../recipe/results.js';
import { makeOptimizer } from '../training/step/parameter-groups.js';
import { runProbe } from '../training/heads/probe.js';
import { withRun } from './run/prepare-run.js';
import type { Run } from '../runs/run.js';
import type { Progress } from '../runs/run-state.js';
import { lastStage, setTrainable } from '../training/step/stages.js';
import { Trainer } from '../training/trainer.js';

/** The flags of `attune finetune`, and what to sweep over. */
export interface FindRateOptions extends Omit<FinetuneOptions, 'out' | keyof ProfileOptions> {
  /** The first rate of the trunk. Default: 1e-7. */
  readonly lrFrom?: number;
  /** The last. Default: 10. */
  readonly lrTo?: number;
  /** Steps from the one to the other. Default: 100. */
  readonly iterations?: number;
}

const { out: _, profile: __, profileSteps: ___, ...SHARED } = FINETUNE_NAMES;
const NAMES = { ...SHARED, lrFrom: true, lrTo: true, iterations: true } as const;

/** One step of a sweep. */
export interface RatePoint {
  /** Rate of the trunk; the head's is in the recipe's proportion to it. */
  readonly lr: number;
  readonly loss: number;
  /** The moving average of the losses so far, as fastai smooths them. */
  readonly smoothed: number;
}

/** The JSON document of `attune lr-find`. */
export interface FindRateResult {
  readonly model: string;
  /** What was swept. */
  readonly strategy: Recipe['strategy'];
  readonly device: DeviceSummary;
  readonly points: readonly RatePoint[];
  /** Whether the loss grew to four times its least before the last rate. */
  readonly diverged: boolean;
  /** Null when the loss never fell. */
  readonly suggestion: { readonly lr: number; readonly head_lr: number } | null;
}

/**
 * What is swept where neither a flag nor a recipe says: what the full stage begins with, whatever the number of samples. Random
 * weights, which some inputs have by default, keep the strategy of `finetune`.
 */
const usualStrategy = (weights: string) =>
  weights === NO_WEIGHTS ? undefined : ('probe-then-full' as const);

/** Losses are averaged over about 1 / (1 - this) steps. */
const SMOOTHING = 0.98;
/** A loss of so many times the least ends the sweep. */
const DIVERGED = 4;
/** The first tenth of the points and the last five tell nothing of the valley. */
const LEFT_OUT = { firstShare: 0.1, last: 5 };

/** Sweeps. Throws as `finetune` does; 'interrupted' when the signal is aborted, 'numeric' when no loss is finite. */
export async function findRate(options: FindRateOptions, context: RunContext = {}): Promise<FindRateResult> {
  refuseUnknown(options, NAMES, context, 'findRate');
  const { lrFrom = 1e-7, lrTo = 10, iterations = 100, ...rest } = options;
  checkCount(iterations, 'the number of steps', '--iterations');
  if (!(lrFrom > 0 && lrTo > lrFrom && Number.isFinite(lrTo))) {
    throw new AttuneError({
      code: 'usage',
      what: `the rates ${lrFrom} to ${lrTo} do not ascend from above 0`,
      where: '--lr-from',
      hint: 'give a smaller --lr-from or a larger --lr-to',
    });
  }
  const rates = Array.from({ length: iterations }, (_, i) =>
    iterations === 1 ? lrFrom : lrFrom * (lrTo / lrFrom) ** (i / (iterations - 1)),
  );
  return withRun(rest, context, {
    ...(rest.recipe === undefined && { usualStrategy }),
    checked: refuseProbe,
    work: (run) => sweepRates(run, rates),
  });
}

/** Trains a step at each of the rates, and gives the weights back as they were. */
export async function sweepRates(run: Run, rates: readonly number[]): Promise<FindRateResult> {
  const { loaded, recipe, data, device, context } = run;
  const { model } = loaded;
  const probed = recipe.strategy === 'full' ? null : await runProbe(run);
  throwIfAborted(context.signal);
  const { chosen } = await beginFull({ ...run, isRateOpen: false }, probed);
  const frozen = { device: summarize(device), ...chosen, variants: device.choices };
  await setTrainable(model, lastStage(model, recipe), frozen.batch_norm);
  await model.to(device);
  const start = await model.readValues();
  const optimizer = makeOptimizer(model, recipe);
  const progress: Progress = { epoch: 0, batch: 0, step: 0, random: 0, ...EMPTY_EPOCH };
  const enough = new AbortController();
  const losses = new SweepLosses(rates, progress);
  try {
    const trainer = new Trainer({
      ...{ device, model, task: data.task, optimizer, recipe, frozen, progress },
      training: data.training,
      valLosses: () => [],
      sweep: (step) => rates[Math.min(step, rates.length - 1)] / recipe.lr,
      onStep() {
        losses.collect();
        if (losses.ended) enough.abort();
        const [done, total] = [losses.points.length, rates.length];
        context.onEvent?.({ type: 'progress', task: 'finding the rate', done, total, secondsLeft: null });
      },
      signal: context.signal === undefined ? enough.signal : AbortSignal.any([context.signal, enough.signal]),
    });
    while (!losses.ended) {
      await trainer.trainEpoch();
      losses.collect();
      throwIfAborted(context.signal);
      Object.assign(progress, { epoch: progress.epoch + 1, batch: 0, ...EMPTY_EPOCH });
      losses.beginEpoch();
    }
  } catch (error) {
    // A rate at which gradients are no numbers any more is the end of the sweep, not of the search.
    if (!(error instanceof AttuneError) || error.code !== 'numeric') throw error;
    losses.diverged = true;
  } finally {
    for (const [array, values] of start) array.set(values);
    optimizer.close();
  }
  if (!Number.isFinite(losses.points[0]?.loss)) {
    throw new AttuneError({
      code: 'numeric',
      what: 'the loss is not finite before any rate has changed a weight',
      where: loaded.weights,
      hint: 'take other weights, or look at the data',
    });
  }
  const lr = valley(losses.points);
  return {
    model: recipe.model,
    strategy: recipe.strategy,
    device: frozen.device,
    points: losses.points,
    diverged: losses.diverged,
    suggestion: lr === null ? null : { lr, head_lr: (lr * recipe.head_lr) / recipe.lr },
  };
}

/** Takes the loss of each step from the sums of the epoch, and knows when the sweep has ended. */
class SweepLosses {
  readonly points: RatePoint[] = [];
  diverged = false;
  private readonly rates: readonly number[];
  private readonly progress: Progress;
  private average = 0;
  private least = Infinity;
  private seen: { loss: number; images: number } = { loss: 0, images: 0 };

  constructor(rates: readonly number[], progress: Progress) {
    this.rates = rates;
    this.progress = progress;
  }

  get ended(): boolean {
    return this.diverged || this.points.length === this.rates.length;
  }

  beginEpoch(): void {
    this.seen = { loss: 0, images: 0 };
  }

  /** Adds a point when another step is finished. */
  collect(): void {
    const { loss, images } = this.progress;
    const added = images - this.seen.images;
    if (added === 0 || this.ended) return;
    const mean = (loss - this.seen.loss) / added;
    this.seen = { loss, images };
    this.average = SMOOTHING * this.average + (1 - SMOOTHING) * mean;
    const step = this.points.length;
    // Divided by the sum of the weights so far, as the average began with nothing.
    const smoothed = this.average / (1 - SMOOTHING ** (step + 1));
    this.points.push({ lr: this.rates[step], loss: mean, smoothed });
    this.least = Math.min(this.least, smoothed);
    this.diverged = !(smoothed <= DIVERGED * this.least);
  }
}

/**
 * fastai's suggestion: the rate in the middle third of the longest fall of the smoothed loss, where it falls
 * steadily. The fall is the longest subsequence of losses each of which is lower than the one before it. Null when
 * there is none.
 */
export function valley(points: readonly RatePoint[]): number | null {
  const first = Math.floor(points.length * LEFT_OUT.firstShare);
  const inner = points.slice(first, Math.max(first, points.length - LEFT_OUT.last));
  const losses = inner.map(({ smoothed }) => smoothed);
  /** Length of the longest fall that ends at each point. */
  const lengths = losses.map(() => 1);
  let end = 0;
  for (let i = 1; i < losses.length; i++) {
    for (let j = 0; j < i; j++) {
      if (losses[i] < losses[j]) lengths[i] = Math.max(lengths[i], lengths[j] + 1);
    }
    if (lengths[i] > lengths[end]) end = i;
  }
  if (end === 0) return null;
  const begin = end - lengths[end];
  const third = lengths[end] / 3;
  return inner[Math.max(0, begin + Math.floor(third) + Math.floor(third / 2))].lr;
}
