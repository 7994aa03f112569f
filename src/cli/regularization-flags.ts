/** The flags of `attune finetune` against overfitting that change what a step sees, drops or follows. */
import type { FinetuneFlags } from './commands/finetune.js';
import type { Flags } from './flags.js';
import { fractionBelowOne, numberFrom } from './values.js';

/** The options that they set. */
export type RegularizationOption = 'mixup' | 'cutmix' | 'randomErasing' | 'stochasticDepth' | 'sam';

export const REGULARIZATION: Flags<Pick<FinetuneFlags, RegularizationOption>> = {
  mixup: {
    value: '<alpha>',
    help: 'Mix each image and its label with another of the batch, by shares from Beta(alpha, alpha): 0.2, or 0.8 with much training. Default: 0, not.',
    parse: numberFrom(0, 100),
  },
  cutmix: {
    value: '<alpha>',
    help: 'The same with a rectangle of the other image: 1. With --mixup, one of the two for each batch. Default: 0, not.',
    parse: numberFrom(0, 100),
  },
  randomErasing: {
    value: '<probability>',
    help: 'How often a rectangle of an image, 2 to 33 % of it, is made blank: 0.1 to 0.5. Default: 0, never.',
    parse: numberFrom(0, 1),
  },
  stochasticDepth: {
    value: '<probability>',
    help: 'How often the last residual branch is left out for an image; lower ones less, in proportion: 0.1. Default: 0, never.',
    parse: fractionBelowOne,
  },
  sam: {
    value: '<radius>',
    help: 'Sharpness-aware minimization: the gradient where the loss is highest within this distance of the weights: 0.05. Twice the time. Default: 0, not.',
    parse: numberFrom(0, 100),
  },
};
