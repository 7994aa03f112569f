/**
 * Classes of different sizes: their images weigh more the rarer they are (inputs/class-weights.ts), or come up more often
 * (inputs/sampling.ts).
 */
import { choiceField, textField } from './field.js';
import type { Method, RecipeBase } from './method.js';

const SAMPLINGS = ['shuffled', 'balanced'] as const;
const CLASS_WEIGHTS = ['none', 'balanced', 'power=<number>'] as const;

const fields = {
  class_weights: textField(CLASS_WEIGHTS, (text) => classWeightsPower(text) !== null, {
    default: 'none',
    isAlwaysTold: true,
    value: '<kind>',
    group: 'Images:',
    help: 'balanced: images of rare classes count more, so that all classes count the same. power=0.5: something in between, 1 / images^0.5. Default: none.',
  }),
  sampling: choiceField(SAMPLINGS, {
    default: 'shuffled',
    value: '<kind>',
    group: 'Images:',
    help: 'balanced: the full stage sees each class equally often, images of rare classes several times in an epoch. Default: shuffled, each image once.',
  }),
};

/** From this ratio of the largest class to the smallest on, classes are told to be of different sizes. */
export const IMBALANCED = 3;

export interface BalanceOptions {
  /** 'none', 'balanced' or 'power=p': how much images of rare classes count more, by 1 / images^p. Default: 'none'. */
  readonly classWeights?: string;
  /** 'shuffled' or 'balanced': the full stage sees each image once, or each class equally often. Default: 'shuffled'. */
  readonly sampling?: string;
}

export const BALANCE: Method<typeof fields, BalanceOptions> = {
  fields,
  ofHead: ['class_weights'],
  ofClasses: ['class_weights', 'sampling'],
  refusals: [
    {
      fields: ['class_weights'],
      isSet: ({ head, class_weights }) => head !== 'logistic' && class_weights !== 'none',
      ignored: unlessFitted,
    },
    {
      fields: ['class_weights'],
      isSet: ({ class_weights, sampling }) => class_weights !== 'none' && sampling === 'balanced',
      ignored: ({ sampling }) =>
        sampling === 'balanced'
          ? {
              what: 'with --sampling balanced all classes count the same already, and weights would count them again',
              hint: 'leave one of the two out',
            }
          : null,
    },
  ],
  order: ({ sampling }) => (sampling === 'shuffled' ? undefined : sampling),
  weightPower: ({ class_weights }) => classWeightsPower(class_weights) || undefined,
  // The head sees all images at once: where the full stage draws classes equally often, they weigh the same here.
  headWeightPower: ({ class_weights, sampling }) =>
    sampling === 'balanced' ? 1 : classWeightsPower(class_weights) || undefined,
  propose(imbalance) {
    const isImbalanced = imbalance >= IMBALANCED;
    return {
      field: 'class_weights',
      value: isImbalanced ? 'balanced' : 'none',
      reason: isImbalanced
        ? `the largest class has ${imbalance.toFixed(1)} times the samples of the smallest`
        : 'the classes are of similar size',
      source: 'Buda, Maki and Mazurowski, A systematic study of the class imbalance problem, 2018',
    };
  },
};

/** Why what belongs to a head's loss does not count in a recipe; null where its head has one. */
export function unlessFitted({ head }: Pick<RecipeBase, 'head'>) {
  if (head === 'logistic') return null;
  return { what: `the head ${head} is not fitted to a loss`, hint: 'leave it out, or use --head logistic' };
}

/**
 * The power of class weights 1 / count^power (inputs/class-weights.ts): 0 for 'none', 1 for 'balanced', p for 'power=p' of
 * 0 to 10; null for any other text.
 */
function classWeightsPower(text: string): number | null {
  if (text === 'none') return 0;
  if (text === 'balanced') return 1;
  const power = /^power=(\d+\.?\d*|\.\d+)$/.exec(text);
  return power !== null && Number(power[1]) <= 10 ? Number(power[1]) : null;
}
