/** The full stage ends where epochs bring nothing better (Prechelt, "Early stopping, but when?", 1998). */
import { optionalWhole } from './field.js';
import type { Method } from './method.js';

const fields = {
  patience: optionalWhole(1, 1_000_000, {
    value: '<epochs>',
    group: 'Training:',
    help: 'End the full stage after so many epochs without a better one. Default: never.',
  }),
};

export interface EarlyStoppingOptions {
  /** Ends the full stage after so many epochs without a better one. Default: it goes on. */
  readonly patience?: number;
}

export const EARLY_STOPPING: Method<typeof fields, EarlyStoppingOptions> = {
  fields,
  showsInAStep: false,
  goesByValidation: ({ patience }) =>
    patience === null
      ? null
      : { field: 'patience', what: 'stopping early goes by the validation accuracy or loss' },
  after: ({ patience }, { epoch, best }) =>
    patience === null || best === null || epoch - best < patience
      ? null
      : {
          what: `the run has ended early, ${patience} epochs after its best, which was epoch ${best}`,
          hint: 'start a new run with more --patience',
        },
  againstOverfitting: ({ patience }) => (patience === null ? '--patience 5' : null),
};
