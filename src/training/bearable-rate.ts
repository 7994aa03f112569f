/**
 * The rate that a network bears behind a fitted head, measured before the first step.
 *
 * Were the loss linear, a step would lower it by the product of gradient and step. It cannot fall by more than all of itself:
 * rates that promise several times that overshoot. A head on features of small scale has large weights, whose gradients
 * promise it at rates that other networks need. The rate that promises the whole loss at once is Polyak's step size (B. T.
 * Polyak, Introduction to Optimization, 1987, section 5.3).
 *
 * SGD's step is the rate times the gradient, over 1 - momentum as steps add up, so that the promise is the rate times the sum
 * of squares. Adam and RMSprop move each weight by about the rate, so that it is the rate times the sum of magnitudes. But
 * RMSprop's mean square begins at zero, and nothing corrects it as Adam does: its first steps are several times the rate.
 */
import { maxOf } from '../extremes.js';
import { abs, backward, lossScaleOf, square, sum } from '../ops/index.js';
import { FIRST_SCALE } from '../ops/update/loss-scale.js';
import { type Optimizer, Rmsprop, scheduleFactor } from '../optim/index.js';
import type { State } from '../program/state.js';
import { generator } from '../tensor/philox.js';
import { gradientLimitOf } from '../methods/index.js';
import { HIGHEST, scaledRates } from '../recipe/open-rate.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { scheduleLength, scheduleOf } from '../recipe/schedule.js';
import { type BeginningOptions, firstBatches, prepareLayers } from './beginning.js';
import { batchesPerEpoch } from './step/batch-ranges.js';
import { makeOptimizer } from './step/parameter-groups.js';
import { networkInput, sharedLoss } from './step/training-step.js';

/**
 * The share of the loss that a step may promise; noise of the batch counts as gradient, so that it keeps less. Of the tasks in
 * bench/defaults.mjs one, pictures of blood cells, exploded at 11 and at 6 times the loss and not at 3 times; where it was
 * hundredths the rate could be raised.
 */
const PROMISED = 3;
/** Steps behind a warm-up of which RMSprop's may be larger than the rate: then 0.99 ** 500 of the mean square is missing. */
const EARLY = 500;

/** What is said of the rates; `isMeasured`: whether there were gradients to measure them by. */
export function rateText({ lr, head_lr }: Pick<Recipe, 'lr' | 'head_lr'>, isMeasured: boolean): string {
  return isMeasured
    ? `Learning rate ${lr} for the trunk and ${head_lr} for the head, by the gradients before the first step; --lr sets it.`
    : `Note: the gradients before the first step are no numbers or zero, so the learning rate is the usual one, ${lr} for the trunk and ${head_lr} for the head; --lr sets it.`;
}

/**
 * The recipe at rates that the network bears; null where gradients are not finite, or there are none. `options.batch_norm` is
 * what the stage will train with. Throws 'interrupted' on the signal.
 */
export async function withBearableRate(options: BeginningOptions): Promise<Recipe | null> {
  const { recipe } = options;
  const promised = await promisedShare(options);
  if (promised === null) return null;
  return { ...recipe, ...scaledRates(recipe, Math.min(HIGHEST, PROMISED / promised)) };
}

/** Which share of the loss a step at the recipe's rates promises, over the images looked at; null where it is no number. */
async function promisedShare(options: BeginningOptions): Promise<number | null> {
  const { device, model, recipe, data } = options;
  await prepareLayers(options);
  const optimizer = makeOptimizer(model, recipe);
  const { scaling } = optimizer;
  const total = { loss: 0, promised: 0 };
  try {
    for await (const { microBatches, ...asked } of firstBatches(options)) {
      for (const micro of microBatches) {
        // The share 0 of a batch: the running statistics stay as they are.
        const training = { random: generator(recipe.seed), momentum: 0 };
        total.loss += await device.run(() => {
          const outputs = model.forward(networkInput(micro, data.input), training);
          const loss = sharedLoss(outputs, micro.targets, micro.shares, asked);
          backward(loss, scaling === null ? undefined : lossScaleOf(scaling));
          return loss;
        });
      }
      total.promised += await promiseOf(optimizer, options);
      await device.run(() => optimizer.zeroGradients());
    }
  } finally {
    optimizer.close();
  }
  const share = total.promised / total.loss;
  return Number.isFinite(share) && share > 0 ? share : null;
}

/** By how much a step at the recipe's rates would lower the loss, by the gradients that are there, were it linear. */
async function promiseOf(optimizer: Optimizer, options: BeginningOptions): Promise<number> {
  const { recipe } = options;
  const { groups, memory, scaling } = optimizer;
  const isScaled = recipe.optimizer !== 'sgd';
  const measured = isScaled ? abs : square;
  const sums = await memory.device.run(() =>
    groups.flatMap(({ parameters }) => parameters.map(({ gradient }) => sum(measured(gradient as State)))),
  );
  const unscaled = scaling === null ? 1 : FIRST_SCALE ** (isScaled ? 1 : 2);
  const rates = groups.flatMap(({ parameters, lr }) => parameters.map(() => lr));
  const promise = sums.reduce((running, value, i) => running + (rates[i] * value) / unscaled, 0);
  if (optimizer instanceof Rmsprop)
    return (promise * largestStep(optimizer, options)) / (1 - recipe.momentum);
  if (isScaled) return promise;
  const norm = Math.sqrt(sums.reduce((running, value) => running + value / unscaled, 0));
  const limit = gradientLimitOf(recipe);
  return (promise * (limit > 0 ? Math.min(1, limit / norm) : 1)) / (1 - recipe.momentum);
}

/** The largest step of RMSprop, of gradients that stay as they are, in rates at the peak of the schedule. */
function largestStep({ alpha }: Rmsprop, { recipe, data, batch_norm }: BeginningOptions): number {
  const schedule = scheduleOf(recipe);
  const length = scheduleLength(recipe, batchesPerEpoch(data.train.images.length, recipe, { batch_norm }));
  const early = Math.min(length.totalSteps, length.warmupSteps + EARLY);
  const steps = Array.from(
    { length: early },
    (_, step) => scheduleFactor(schedule, step, length) / Math.sqrt(1 - alpha ** (step + 1)),
  );
  return Math.max(1, maxOf(steps));
}
