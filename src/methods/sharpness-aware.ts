/**
 * Sharpness-aware minimisation (Foret et al., "Sharpness-aware minimization for efficiently improving generalization", 2021):
 * the gradient where the loss is highest within a distance of the weights. Its part of a step (optim/sharpness-aware.ts) perturbs
 * the weights, so that a step has a second pass over its batch.
 */
import { SharpnessAware } from '../optim/index.js';
import { numberField } from './field.js';
import type { Method } from './method.js';

const fields = {
  sam: numberField(0, 100, {
    default: 0,
    value: '<radius>',
    group: 'Regularization:',
    help: 'Sharpness-aware minimization: the gradient where the loss is highest within this distance of the weights: 0.05. Twice the time. Default: 0, not.',
  }),
};

export interface SharpnessAwareOptions {
  /** Distance from the weights within which the gradient is taken where the loss is highest: 0.05. Default: 0, not. */
  readonly sam?: number;
}

export const SHARPNESS_AWARE: Method<typeof fields, SharpnessAwareOptions> = {
  fields,
  step: ({ sam }, memory) => (sam > 0 ? new SharpnessAware(memory, sam) : null),
  looksElsewhere: ({ sam }) => (sam > 0 ? `where --sam ${sam} looks` : null),
};
