/** The moving average of the weights, which is validated and exported in their place (optim/parts.ts). */
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

export const WEIGHT_AVERAGE: Method<typeof fields> = {
  fields,
  showsInAStep: false,
  part: ({ ema }, memory) => (ema === null ? null : new WeightAverage(memory, ema)),
};
