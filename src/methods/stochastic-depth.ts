/**
 * Stochastic depth (Huang et al., "Deep networks with stochastic depth", 2016): residual branches are left out at random, the
 * last with this probability and lower ones with a part of it (nn/stochastic-depth.ts).
 */
import { AttuneError } from '../errors.js';
import { setStochasticDepth } from '../nn/index.js';
import { fractionField } from './field.js';
import type { Method } from './method.js';

const fields = {
  stochastic_depth: fractionField({
    default: 0,
    value: '<probability>',
    group: 'Regularization:',
    help: 'How often the last residual branch is left out for an image; lower ones less, in proportion: 0.1. Default: 0, never.',
  }),
};

export interface StochasticDepthOptions {
  /** How often the last residual branch is left out for an image; lower ones less, in proportion. Default: 0, never. */
  readonly stochasticDepth?: number;
}

export const STOCHASTIC_DEPTH: Method<typeof fields, StochasticDepthOptions> = {
  fields,
  check(model, { stochastic_depth, model: name }) {
    if (stochastic_depth === 0 || setStochasticDepth(model, stochastic_depth) > 0) return;
    throw new AttuneError({
      code: 'usage',
      what: `no residual branch of ${name} is trained, so there is none to leave out`,
      where: '--stochastic-depth',
      hint: 'leave it out, or train lower layers',
    });
  },
  adapt(model, { stochastic_depth }) {
    setStochasticDepth(model, stochastic_depth);
  },
};
