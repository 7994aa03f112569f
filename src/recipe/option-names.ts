/** The names of all options of `finetune` and of what is done with a run, which JavaScript may misspell. */
import { AttuneError } from '../errors.js';
import { type Camel, camelCase, type OptionNames, refuseUnknownOptions } from '../option-names.js';
import type { DeviceOptions, FinetuneOptions, ModelSource, ResumeOptions, RunContext } from './options.js';
import { RECIPE_FIELDS, type RecipeField } from './recipe-schema.js';

export const DEVICE_NAMES: OptionNames<DeviceOptions> = { device: true, adapter: true, threads: true };
export const SOURCE_NAMES: OptionNames<ModelSource> = { run: true, model: true, weights: true };

export const RESUME_NAMES: OptionNames<ResumeOptions> = {
  resume: true,
  epochs: true,
  checkpointMinutes: true,
  onExplosion: true,
  device: true,
  threads: true,
};

/** Those that are no fields of the recipe. */
const BESIDE_RECIPE: OptionNames<Omit<FinetuneOptions, Camel<RecipeField>>> = {
  recipe: true,
  threads: true,
  workers: true,
  profile: true,
  profileSteps: true,
  out: true,
};

export const FINETUNE_NAMES: Readonly<Record<string, true>> = {
  ...Object.fromEntries(RECIPE_FIELDS.map((field) => [camelCase(field), true])),
  ...BESIDE_RECIPE,
};

const CONTEXT_NAMES: OptionNames<RunContext> = { onEvent: true, signal: true };

/** What every long function begins with: throws AttuneError 'usage' for a name that its options or its context have not. */
export function refuseUnknown(
  options: unknown,
  known: Readonly<Record<string, true>>,
  context: RunContext,
  where: string,
): void {
  refuseUnknownOptions(options, known, where);
  refuseUnknownOptions(context, CONTEXT_NAMES, where);
}

/** Throws AttuneError 'usage' where JavaScript gave no images. */
export function requireData(data: unknown, where: string): void {
  if (typeof data === 'string') return;
  const hint = "write data: 'photos', a folder with one folder of images per class";
  throw new AttuneError({ code: 'usage', what: 'there is no data', where, hint });
}

/** Throws AttuneError 'usage' unless `value` is absent or a whole number of at least 1. */
export function checkCount(value: number | undefined, what: string, where: string): void {
  if (value === undefined || (Number.isInteger(value) && value >= 1)) return;
  throw new AttuneError({
    code: 'usage',
    what: `${what} must be a whole number of at least 1, not ${value}`,
    where,
  });
}
