/**
 * L2-SP (Li, Grandvalet and Davoine, "Explicit inductive bias for transfer learning with convolutional networks", 2018): the
 * weights below the head are pulled to where they began, in place of to zero (optim/parts.ts).
 */
import { PullToStart } from '../optim/index.js';
import { NO_WEIGHTS } from '../weights/index.js';
import { numberField } from './field.js';
import type { Method } from './method.js';

const fields = {
  l2_sp: numberField(0, 1e3, {
    default: 0,
    value: '<number>',
    group: 'Optimizer:',
    help: 'L2-SP: pull of the weights below the head to where they began, in place of their decay. Default: 0.',
  }),
};

export interface PullToStartOptions {
  /** L2-SP: pull of the weights below the head to where they began, in place of their decay. Default: 0. */
  readonly l2Sp?: number;
}

export const PULL_TO_START: Method<typeof fields, PullToStartOptions> = {
  fields,
  refusals: [
    {
      fields: ['l2_sp'],
      isSet: ({ l2_sp, strategy }) => l2_sp > 0 && strategy !== 'probe',
      ignored: ({ weights }) =>
        weights === NO_WEIGHTS
          ? { what: 'there are no pretrained weights to stay near', hint: 'leave it out, or give --weights' }
          : null,
    },
  ],
  step: ({ l2_sp }, memory) => (l2_sp > 0 ? new PullToStart(memory) : null),
  // New layers, which have no start to go back to, decay to zero.
  trunkDecay: ({ l2_sp }, usual) => (l2_sp > 0 ? { weightDecay: 0, pull: l2_sp } : usual),
  againstOverfitting: ({ l2_sp, weights }) => (l2_sp === 0 && weights !== NO_WEIGHTS ? '--l2-sp 0.01' : null),
  againstUnderfitting: ({ l2_sp }) => (l2_sp > 0 ? 'a smaller --l2-sp' : null),
};
