/** Long gradients are shortened (Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", 2013). */
import { numberField } from './field.js';
import type { Method } from './method.js';

const fields = {
  max_gradient_norm: numberField(0, 1e9, {
    default: 0,
    isAlwaysTold: true,
    value: '<number>',
    group: 'Training:',
    help: 'Longer gradients are shortened to this norm. Default: 1 for sgd on pretrained weights and for values, else 0, no limit.',
  }),
};

export interface GradientClippingOptions {
  /** Longer gradients are shortened to this norm; 0: no limit. Default: 1 for sgd on pretrained weights and for values, else 0. */
  readonly maxGradientNorm?: number;
}

export const GRADIENT_CLIPPING: Method<typeof fields, GradientClippingOptions> = {
  fields,
  // Adam's steps are as long whatever the length of a gradient; a squared error grows with the square of what moves it.
  defaults: ({ optimizer, isScratch, isSquared }) => ({
    max_gradient_norm: isSquared || (optimizer === 'sgd' && !isScratch) ? 1 : 0,
  }),
  gradientLimit: ({ max_gradient_norm }) => max_gradient_norm || undefined,
};
