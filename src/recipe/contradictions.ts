/** What would have no effect on the run is refused, in a flag as in a recipe file: whoever sets it expects it to count. */
import { fieldsWithout, type InputKind, inputRow, isCsvFile, USUAL_INPUT } from '../inputs/index.js';
import { AttuneError } from '../errors.js';
import { checkCount } from './option-names.js';
import {
  CLASS_METHOD_FIELDS,
  IMAGE_METHOD_FIELDS,
  METHOD_FIELDS,
  METHOD_REFUSALS,
  type Refusal,
  unlessFitted,
  needsOfValidation,
} from '../methods/index.js';
import type { ProfileOptions } from './options.js';
import type { Asked } from './asked.js';
import { type DataFacts, withDefaults } from './recipe.js';
import { flagOf, FULL_STAGE_FIELDS, RECIPE_FIELDS, type Recipe, type RecipeField } from './recipe-schema.js';
import { isScheduleField, schedulesWith } from './schedule.js';
import { kindNamedBy, rowOf, type TaskKind } from '../tasks/index.js';

/** Only flags and recipe files that somebody has written are looked at. A run's own recipe has fields without effect, too. */
type Rule = Refusal<Recipe>;

const OF_TABLES = ['images', 'label', 'target'] as const satisfies readonly RecipeField[];
const NO_TABLE = {
  what: 'this is for a CSV file, and the data is in class folders',
  hint: 'leave it out, or name a .csv file',
};

const RULES: readonly Rule[] = [
  { fields: OF_TABLES, ignored: ({ data }) => (isCsvFile(data) ? null : NO_TABLE) },
  {
    fields: FULL_STAGE_FIELDS,
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
    fields: ['unfreeze_epochs'],
    ignored: ({ strategy }) =>
      strategy === 'gradual'
        ? null
        : {
            what: `the strategy ${strategy} unfreezes nothing step by step`,
            hint: 'leave it out, or add --strategy gradual',
          },
  },
  {
    fields: ['head', 'neighbors'],
    isSet: ({ head, strategy }) => head !== 'logistic' && strategy !== 'probe',
    ignored: ({ head, strategy }) =>
      strategy === 'full' || (head !== 'logistic' && strategy !== 'probe')
        ? {
            what: `the strategy ${strategy} ${strategy === 'full' ? 'has no such head' : 'goes on from a logistic head'}`,
            hint: 'leave it out, or add --strategy probe',
          }
        : null,
  },
  {
    fields: ['neighbors'],
    ignored: ({ head }) =>
      head === 'nearest-neighbors'
        ? null
        : {
            what: `the head ${head} asks no neighbours`,
            hint: 'leave it out, or add --head nearest-neighbors',
          },
  },
  {
    fields: ['head_epochs'],
    isSet: ({ head, head_epochs }) => head !== 'logistic' && head_epochs !== null,
    ignored: unlessFitted,
  },
  {
    fields: ['momentum'],
    ignored: (recipe) => (takesMomentum(recipe) ? null : notOf(recipe)),
  },
  {
    fields: ['nesterov'],
    ignored: (recipe) => (recipe.optimizer === 'sgd' ? null : notOf(recipe)),
  },
  {
    fields: ['histograms'],
    ignored: ({ tensorboard, strategy, head }) => {
      const without = !tensorboard
        ? 'event files, which hold them,'
        : strategy === 'probe' && head === 'nearest-neighbors'
          ? 'weights'
          : null;
      return without === null
        ? null
        : { what: `a run without ${without} has no histograms`, hint: 'leave it out' };
    },
  },
  ...METHOD_REFUSALS,
  {
    fields: ['val_split'],
    ignored: ({ val, folds }) =>
      val === null && folds === null
        ? null
        : {
            what: `validation comes from ${val === null ? '--folds' : '--val'}, so none are split off`,
            hint: 'leave one of the two out',
          },
  },
];

/** The rule of fields that samples have nothing for. */
function ruleOfInput(kind: InputKind): Rule {
  const { files, size } = inputRow(kind);
  const ofImages: readonly string[] = size === undefined ? IMAGE_METHOD_FIELDS : [];
  const reason = { what: `${files.many} have no such setting`, hint: 'leave it out' };
  return { fields: [...fieldsWithout(kind), ...ofImages] as RecipeField[], ignored: () => reason };
}

/** The rules of fields that are about classes, where a task has none. */
function rulesOfClasses(kind: TaskKind): Rule[] {
  const { withoutClasses } = rowOf(kind);
  if (withoutClasses === null) return [];
  const rule = (field: RecipeField, isSet: (recipe: Recipe) => boolean): Rule => ({
    fields: [field],
    isSet,
    ignored: withoutClasses,
  });
  return [
    rule('head', ({ head }) => head !== 'logistic'),
    rule('neighbors', () => false),
    ...CLASS_METHOD_FIELDS.map((field) =>
      rule(field, (recipe) => recipe[field] !== METHOD_FIELDS[field].default),
    ),
  ];
}

/** Whether the momentum counts: one-cycle moves Adam's first decay rate as it does the momentum of SGD. */
export function takesMomentum({ optimizer, schedule }: Recipe): boolean {
  return optimizer === 'sgd' || optimizer === 'rmsprop' || schedule === 'one-cycle';
}

function notOf({ optimizer }: Recipe) {
  return { what: `${optimizer} takes no such setting`, hint: 'leave it out, or use --optimizer sgd' };
}

/** Whether a field of a file asks for anything: what is off there has no effect, as it says. */
function isOn(value: Recipe[RecipeField] | undefined): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

/** Throws AttuneError 'usage' for the first field asked for that the recipe, resolved by these facts, does not use. */
export function refuseIgnored({ flags, written, where }: Asked, recipe: Recipe, facts: DataFacts): void {
  // A flag may have changed what others of the file go by: what counts in the file by itself is no mistake, whether the
  // others are written there or are defaults.
  const asWritten = withDefaults({ data: recipe.data, ...written }, facts);
  const isAsked = (field: RecipeField, ignoredIn: (candidate: Recipe) => boolean) =>
    flags[field] !== undefined || (isOn(written[field]) && ignoredIn(asWritten));
  const kind = facts.task ?? kindNamedBy(recipe);
  const ofInput = ruleOfInput(facts.input ?? USUAL_INPUT);
  for (const { fields, isSet, ignored } of [ofInput, ...rulesOfClasses(kind), ...RULES]) {
    const field = isSet?.(recipe)
      ? fields[0]
      : fields.find((candidate) => isAsked(candidate, (other) => ignored(other) !== null));
    const reason = field === undefined ? null : ignored(recipe);
    if (field !== undefined && reason !== null)
      throw new AttuneError({ code: 'usage', ...reason, where: where(field) });
  }
  for (const field of RECIPE_FIELDS.filter(isScheduleField)) {
    const others = schedulesWith(field);
    if (others.includes(recipe.schedule)) continue;
    if (!isAsked(field, ({ schedule }) => !others.includes(schedule))) continue;
    throw new AttuneError({
      code: 'usage',
      what: `the schedule ${recipe.schedule} takes no such setting`,
      where: where(field),
      hint: `leave it out, or add --schedule ${others.join(' or ')}`,
    });
  }
}

/** Throws AttuneError 'usage' for what is said of a CSV file where the images are in folders, and there is no recipe. */
export function refuseIdleColumns(
  data: string,
  given: { readonly [K in (typeof OF_TABLES)[number]]?: unknown },
): void {
  const field = OF_TABLES.find((name) => given[name] !== undefined);
  if (field === undefined || isCsvFile(data)) return;
  throw new AttuneError({ code: 'usage', ...NO_TABLE, where: flagOf(field) });
}

/** Throws AttuneError 'usage' for a share to split off where the data set itself says which images validate. */
export function refuseIdleSplit(
  valSplit: number | undefined,
  { isSplit, root }: { readonly isSplit: boolean; readonly root: string },
  where = '--val-split',
): void {
  if (valSplit === undefined || isSplit) return;
  const own = isCsvFile(root) ? 'its column split' : 'its validation folder';
  throw new AttuneError({
    code: 'usage',
    what: `the data set says by ${own} what validates, so none are split off`,
    where,
    hint: 'leave it out',
  });
}

/** Throws AttuneError 'usage' when the recipe has no full stage, as that of few images. */
export function refuseProbe({ strategy }: Recipe): void {
  if (strategy !== 'probe') return;
  throw new AttuneError({
    code: 'usage',
    what: 'the strategy probe, the default where samples are few, has no learning rate',
    where: '--strategy',
    hint: 'add --strategy probe-then-full or full',
  });
}

/** Throws AttuneError 'usage' for a profile where there are no steps to profile, and for steps without one. */
export function refuseIdleProfile(
  { profile = false, profileSteps }: ProfileOptions,
  { strategy, epochs }: Pick<Recipe, 'strategy' | 'epochs'>,
): void {
  checkCount(profileSteps, 'the number of steps', '--profile-steps');
  if (profileSteps !== undefined && !profile) {
    throw new AttuneError({
      code: 'usage',
      what: 'no steps are profiled',
      where: '--profile-steps',
      hint: 'leave it out, or add --profile',
    });
  }
  if (!profile || (strategy !== 'probe' && epochs > 0)) return;
  throw new AttuneError({
    code: 'usage',
    what: 'the steps of the full stage are profiled, and the run has none',
    where: '--profile',
    hint: 'leave it out, or add --strategy probe-then-full',
  });
}

/** Throws AttuneError 'usage' when the recipe goes by validation metrics and there is nothing to validate with. */
export function refuseUnvalidated(recipe: Recipe, images: number): void {
  if (images > 0 || recipe.strategy === 'probe') return;
  const refuse = (who: string, where: string) => {
    throw new AttuneError({
      code: 'usage',
      what: `${who}, and there is nothing to validate with`,
      where,
      hint: 'leave it out, or give a --val-split above 0 or a --val folder',
    });
  };
  if (recipe.schedule === 'plateau') refuse('the schedule plateau goes by the validation loss', '--schedule');
  for (const { field, what } of needsOfValidation(recipe)) refuse(what, flagOf(field));
}
