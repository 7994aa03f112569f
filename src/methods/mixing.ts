/**
 * Mixup (Zhang et al., "mixup: beyond empirical risk minimization", 2017) and CutMix (Yun et al., "CutMix:
 * regularization strategy to train strong classifiers with localizable features", 2019). Every image of a batch is mixed
 * with the one before it, the first with the last, and the loss L is that of both answers by their shares:
 *
 *     lambda from Beta(alpha, alpha)
 *     mixup:   x = lambda x_i + (1 - lambda) x_j
 *     CutMix:  a rectangle of x_j, of 1 - lambda of the area, put into x_i; lambda is then what was left of x_i
 *     loss = lambda L(x, y_i) + (1 - lambda) L(x, y_j)
 *
 * As torchvision's training reference does: one lambda for a batch, the neighbour in the shuffled order as partner, and
 * where both are given, one of them for each batch with equal chance. A batch of any size can be mixed; one of a single
 * image is its own partner and stays as it is. What counts as right is the answer with the larger share, as there (timm
 * and fastai count nothing while they mix).
 *
 * A batch's mix is a function of seed and step, and an image's partner may be in another micro-batch: sizes of
 * micro-batches change nothing.
 */
import { takeRows } from '../inputs/index.js';
import { type Mix, mixImages, slice } from '../ops/index.js';
import { symmetricBeta } from '../tensor/beta.js';
import { PURPOSE, uniformSource } from '../tensor/philox.js';
import type { Targets } from '../tasks/index.js';
import { numberField } from './field.js';
import type { BatchMix, Method, RecipeBase } from './method.js';

const fields = {
  mixup: numberField(0, 100, {
    default: 0,
    value: '<alpha>',
    group: 'Regularization:',
    help: 'Mix each image and its label with another of the batch, by shares from Beta(alpha, alpha): 0.2, or 0.8 with much training. Default: 0, not.',
  }),
  cutmix: numberField(0, 100, {
    default: 0,
    value: '<alpha>',
    group: 'Regularization:',
    help: 'The same with a rectangle of the other image: 1. With --mixup, one of the two for each batch. Default: 0, not.',
  }),
};

export interface MixingOptions {
  /** Images and labels are mixed by shares from Beta(mixup, mixup): 0.2, or 0.8 with much training. Default: 0, not. */
  readonly mixup?: number;
  /** The same with a rectangle of the other image: 1. With `mixup`, one of the two for each batch. Default: 0, not. */
  readonly cutmix?: number;
}

export const MIXING: Method<typeof fields, MixingOptions> = {
  fields,
  // Values are between those of two whole images, but no part of one has a part of its value.
  ofClasses: ['cutmix'],
  ofImages: ['cutmix'],
  refusals: [
    { fields: ['mixup'], isSet: ({ mixup }) => mixup > 0, ignored: ofOneImage },
    { fields: ['cutmix'], isSet: ({ cutmix }) => cutmix > 0, ignored: ofOneImage },
  ],
  batch(recipe, { step, shape: [side] }) {
    const mix = mixOfStep(recipe, step, side);
    return mix === null ? {} : { mix };
  },
  input(x, { size, mix }) {
    if (mix === undefined) return x;
    const [, ...shape] = x.shape;
    const from = (first: number) => slice(x, [first, ...shape.map(() => 0)], [size - 1, ...shape]);
    const { share, box } = mix;
    return mixImages(from(1), from(0), { share, box });
  },
  mixesImages: isMixed,
  againstOverfitting: (recipe) => (isMixed(recipe) ? null : '--mixup 0.2'),
  againstUnderfitting: (recipe) => (isMixed(recipe) ? 'less mixing' : null),
};

function isMixed({ mixup, cutmix }: { readonly mixup: number; readonly cutmix: number }): boolean {
  return mixup > 0 || cutmix > 0;
}

function ofOneImage({ batch_size, strategy }: RecipeBase) {
  return batch_size > 1 || strategy === 'probe'
    ? null
    : {
        what: 'a batch of a single sample has no other to mix it with',
        hint: 'leave it out, or give a larger --batch-size',
      };
}

/** The mix of a step's images of `side` x `side`; null when the recipe mixes nothing. */
export function mixOfStep(
  { mixup, cutmix, seed }: { readonly mixup: number; readonly cutmix: number; readonly seed: number },
  step: number,
  side: number,
): BatchMix | null {
  if (mixup === 0 && cutmix === 0) return null;
  const draw = uniformSource(seed, PURPOSE.mixing, step);
  const isMixup = cutmix === 0 || (mixup > 0 && draw() < 0.5);
  const lambda = symmetricBeta(isMixup ? mixup : cutmix, draw);
  if (isMixup) return { share: 1 - lambda, box: [0, 0, 0, 0], lossShare: 1 - lambda };
  const box = cutBox(lambda, side, draw);
  const [top, left, bottom, right] = box;
  return { share: 0, box, lossShare: ((bottom - top) * (right - left)) / side ** 2 };
}

/**
 * CutMix's rectangle around a random point, given its draws: of 1 - lambda of the area where it does not reach beyond the
 * image. In whole pixels as torchvision's reference has it.
 */
export function cutBox(lambda: number, side: number, draw: () => number): Mix['box'] {
  const [column, row] = [Math.floor(draw() * side), Math.floor(draw() * side)];
  const half = Math.floor(0.5 * Math.sqrt(1 - lambda) * side);
  const inside = (at: number) => Math.min(side, Math.max(0, at));
  return [inside(row - half), inside(column - half), inside(row + half), inside(column + half)];
}

/** The target with the larger share in each image; its own where they are equal. */
export function dominantTargets(targets: Targets, images: number, mix: BatchMix | undefined): Targets {
  if (mix === undefined || mix.lossShare <= 0.5) return targets;
  return takeRows(targets, images, 0, images - 1, true);
}
