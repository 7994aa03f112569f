/** Flags that would have no effect on the run are refused: whoever gives one expects it to count. */
import { AttuneError } from '../errors.js';
import { flagOf, type Recipe } from './recipe.js';

interface Rule {
  readonly fields: readonly (keyof Recipe)[];
  /** Why the fields do not count in this recipe, and what to do; null when they do. */
  ignored(recipe: Recipe): { readonly what: string; readonly hint: string } | null;
}

const RULES: readonly Rule[] = [
  {
    fields: [
      'train_from',
      'batch_norm',
      'epochs',
      'batch_size',
      'micro_batch',
      'optimizer',
      'lr',
      'head_lr',
      'momentum',
      'nesterov',
      'weight_decay',
      'schedule',
      'step_size',
      'gamma',
      'warmup',
      'augment',
      'class_weights',
      'label_smoothing',
      'max_gradient_norm',
    ],
    ignored: ({ strategy }) =>
      strategy === 'probe'
        ? {
            what: 'this belongs to the full stage, which the strategy probe does not have',
            hint: 'leave it out, or add --strategy probe-then-full',
          }
        : null,
  },
  {
    fields: ['head_epochs'],
    ignored: ({ strategy }) =>
      strategy === 'full'
        ? {
            what: 'the strategy full does not fit a head first',
            hint: 'leave it out, or use --strategy probe-then-full',
          }
        : null,
  },
  {
    fields: ['momentum', 'nesterov'],
    ignored: ({ optimizer }) =>
      optimizer === 'sgd'
        ? null
        : { what: `${optimizer} takes no such setting`, hint: 'leave it out, or use --optimizer sgd' },
  },
  {
    fields: ['step_size', 'gamma'],
    ignored: ({ schedule }) =>
      schedule === 'step'
        ? null
        : { what: `the schedule ${schedule} has no steps`, hint: 'leave it out, or add --schedule step' },
  },
  {
    fields: ['val_split'],
    ignored: ({ val }) =>
      val === null
        ? null
        : {
            what: 'the validation images come from --val, so none are split off',
            hint: 'leave one of the two out',
          },
  },
];

/** Throws AttuneError 'usage' for the first of the given fields that the recipe does not use. */
export function refuseIgnored(given: Partial<Recipe>, recipe: Recipe): void {
  for (const { fields, ignored } of RULES) {
    const field = fields.find((candidate) => given[candidate] !== undefined);
    const reason = field === undefined ? null : ignored(recipe);
    if (field !== undefined && reason !== null)
      throw new AttuneError({ code: 'usage', ...reason, where: flagOf(field) });
  }
}
