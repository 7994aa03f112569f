/**
 * The moving average of the weights. Its part of a step (optim/parts.ts) changes places with the weights while they are validated
 * and exported.
 */
import { WeightAverage } from '../optim/index.js';
import { optionalFraction } from './field.js';
import type { Method } from './method.js';

const fields = {
  ema: optionalFraction({
    value: '<decay>',
    group: 'Optimizer:',
    help: 'Validate and export the moving average of the weights, with this decay: 0.999. Default: the weights.',
  }),
};

export interface WeightAverageOptions {
  /** Decay of the moving average of the weights that is validated and exported: 0.999. Default: the weights themselves. */
  readonly ema?: number;
}

export const WEIGHT_AVERAGE: Method<typeof fields, WeightAverageOptions> = {
  fields,
  showsInAStep: false,
  step: ({ ema }, memory) => (ema === null ? null : new WeightAverage(memory, ema)),
};
