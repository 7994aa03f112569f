/** The recipe that is proposed for a data set: what the defaults are for it, and where its facts speak for another choice. */
import { maxOf } from '../../extremes.js';
import { DEFAULT_MODEL, findModel, MODEL_NAMES } from '../../models/index.js';
import { HIGHEST, isRateOpen, type Rates, scaledRates } from '../../recipe/open-rate.js';
import { resolveRecipe } from '../../recipe/recipe.js';
import type { Recipe } from '../../recipe/recipe-schema.js';
import { share } from './advice.js';
import type { DataFacts } from './data-facts.js';
import { methodProposals } from '../../methods/index.js';

/** One field of a recipe, and why. */
export interface Proposal {
  readonly field: keyof Recipe;
  readonly value: Recipe[keyof Recipe];
  readonly reason: string;
  readonly source: string | null;
  /** Whether `attune finetune` does the same when nothing is said. */
  readonly is_default: boolean;
  /** The most that a rate becomes which the run measures before its first step, where `value` is the usual one; else null. */
  readonly measured_at_most: number | null;
}

/** Accuracy of a head from which on there is little to gain by training more. */
const SEPARATED = 0.98;
/** Training images from which on a processor needs hours for the default network. */
const MANY_FOR_A_PROCESSOR = 2_000;

type Choice = Omit<Proposal, 'field' | 'is_default' | 'measured_at_most'>;

/**
 * Model, strategy, rates, epochs, augmentation and weights of the classes, each with its reason.
 * @param named the model or weights that were asked for: no other network is proposed
 */
export function proposeRecipe(facts: DataFacts, named: string | null = null): Proposal[] {
  const size = { images: facts.images.train, smallestClass: facts.smallest_class };
  const usual = { ...size, model: facts.features?.model ?? named ?? DEFAULT_MODEL, weights: '', side: 224 };
  const byDefault = resolveRecipe({ data: facts.data }, usual);
  const strategy = chooseStrategy(facts, byDefault.strategy);
  const recipe = resolveRecipe({ data: facts.data, strategy: strategy.value as Recipe['strategy'] }, usual);
  const highest: Partial<Rates> = isRateOpen(recipe, {}) ? scaledRates(recipe, HIGHEST) : {};
  const propose = (field: keyof Recipe, choice: Choice): Proposal => ({
    field,
    ...choice,
    measured_at_most: field === 'lr' || field === 'head_lr' ? (highest[field] ?? null) : null,
    // The other defaults follow from the strategy.
    is_default: String(choice.value) === String((field === 'strategy' ? byDefault : recipe)[field]),
  });
  const always = [
    propose('model', chooseModel(facts, byDefault.model, named !== null)),
    propose('strategy', strategy),
    propose('augment', {
      value: recipe.augment,
      ...(recipe.augment === 'none'
        ? {
            reason: 'features are computed once, from the pictures as they are',
            source:
              'Chen et al., A Simple Framework for Contrastive Learning (the protocol of the linear evaluation), 2020',
          }
        : {
            reason: `random crops of ${share(recipe.crop_scale)} of a picture or more, and flips: less is cut away where pictures are few`,
            source: 'Kornblith, Shlens and Le, Do Better ImageNet Models Transfer Better?, 2019',
          }),
    }),
  ];
  if (recipe.strategy === 'probe') return always;
  return [
    ...always,
    propose('epochs', {
      value: recipe.epochs,
      reason: `for ${facts.images.train} training images; the best epoch is kept`,
      source: 'Kolesnikov et al., Big Transfer (BiT-HyperRule), 2020',
    }),
    propose('lr', {
      value: recipe.lr,
      reason: 'pretrained layers need small steps; attune lr-find looks for the rate of these images',
      source: 'Kumar et al., Fine-Tuning can Distort Pretrained Features, 2022',
    }),
    propose('head_lr', {
      value: recipe.head_lr,
      reason: 'ten times that of the layers below, which know more of images than of these classes',
      source: 'Jiang et al., Transfer-Learning-Library (its fine-tuning baseline), 2020',
    }),
    ...methodProposals(facts.imbalance).map(({ field, ...choice }) => propose(field, choice)),
  ];
}

function chooseModel({ device, images: { train } }: DataFacts, usual: string, isNamed: boolean): Choice {
  if (isNamed || usual !== DEFAULT_MODEL)
    return { value: usual, reason: 'the network that was named', source: null };
  const [light] = MODEL_NAMES.flatMap((name) => {
    const { onProcessor } = findModel(name);
    return onProcessor === undefined ? [] : [{ name, ...onProcessor }];
  });
  if (device.kind !== 'cpu' || train <= MANY_FOR_A_PROCESSOR || light === undefined)
    return {
      value: usual,
      reason: 'transfers well, and its weights are at hand',
      source: 'Kornblith, Shlens and Le, Do Better ImageNet Models Transfer Better?, 2019',
    };
  return {
    value: light.name,
    reason: `${train} images without a GPU: ${light.reason}`,
    source: light.source,
  };
}

function chooseStrategy(
  { features, images: { train }, classes, smallest_class }: DataFacts,
  usual: string,
): Choice {
  const source = 'Kumar et al., Fine-Tuning can Distort Pretrained Features, 2022';
  const counts = classes.map((entry) => entry.train);
  const largest = maxOf(counts) / counts.reduce((sum, count) => sum + count, 0);
  if (features !== null && features.accuracy >= SEPARATED)
    return {
      value: 'probe',
      reason: `a head on the features as they are is right for ${share(features.accuracy)} of the images in cross-validation: little is left to gain`,
      source,
    };
  // The interval of few images is wide, whatever the features tell: it says nothing against them.
  if (features !== null && usual !== 'probe' && features.interval[0] <= largest)
    return {
      value: 'full',
      reason: `a head on the features as they are is right for ${share(features.accuracy)} of the images, and the largest class is ${share(largest)}: look at the labels, and train all layers`,
      source: 'Kornblith, Shlens and Le, Do Better ImageNet Models Transfer Better?, 2019',
    };
  return {
    value: usual,
    reason:
      usual === 'probe'
        ? `${train} training images, ${smallest_class} in the smallest class, are too few to train all layers`
        : 'a head first, so that its random values do not spoil the layers below, then all layers',
    source,
  };
}
