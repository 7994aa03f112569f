/**
 * Options as JavaScript gives them: any name, or none. One that a function does not know would be left out without a
 * word, and the work done by a default.
 */
import { AttuneError } from '../errors.js';
import { nearest } from '../nearest.js';
import type { PredictOptions } from './evaluation/predict.js';
import type { EvaluateOptions } from './evaluation/evaluate.js';
import type { DeviceOptions, FinetuneOptions, ModelSource } from './options.js';
import { RECIPE_FIELDS, type RecipeField } from './recipe/recipe-schema.js';

/** By name, so that one that is missing here does not compile. */
type Names<Options> = Readonly<Record<keyof Options, true>>;

const DEVICE: Names<DeviceOptions> = { device: true, adapter: true, threads: true };
const SOURCE: Names<ModelSource> = { run: true, model: true, weights: true };

export const PREDICT_NAMES: Names<PredictOptions> = {
  ...DEVICE,
  ...SOURCE,
  images: true,
  top: true,
  workers: true,
  tta: true,
};

export const EVALUATE_NAMES: Names<EvaluateOptions> = {
  ...DEVICE,
  ...SOURCE,
  data: true,
  images: true,
  workers: true,
  batchSize: true,
  tta: true,
};

type Camel<Name extends string> = Name extends `${infer First}_${infer Rest}`
  ? `${First}${Capitalize<Camel<Rest>>}`
  : Name;

/** Those that are no fields of the recipe. */
const BESIDE_RECIPE: Names<Omit<FinetuneOptions, Camel<RecipeField>>> = {
  recipe: true,
  threads: true,
  workers: true,
  profile: true,
  profileSteps: true,
  out: true,
};

export const FINETUNE_NAMES: Readonly<Record<string, true>> = {
  ...Object.fromEntries(RECIPE_FIELDS.map((field) => [camel(field), true])),
  ...BESIDE_RECIPE,
};

/** Throws AttuneError 'usage' for options that are none, and for a name that `known` has not. */
export function refuseUnknownOptions(
  options: unknown,
  known: Readonly<Record<string, true>>,
  where: string,
): void {
  if (typeof options !== 'object' || options === null) {
    throw new AttuneError({
      code: 'usage',
      what: 'the options are missing',
      where,
      hint: `write ${where}({ ... })`,
    });
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || Object.hasOwn(known, name)) continue;
    const meant = Object.hasOwn(known, camel(name)) ? camel(name) : nearest(camel(name), Object.keys(known));
    throw new AttuneError({
      code: 'usage',
      what: `there is no option ${name}`,
      where,
      hint: meant === undefined ? 'leave it out' : `did you mean ${meant}?`,
    });
  }
}

/** `batchSize` of `batch_size`, and of `batch-size`. */
function camel(name: string): string {
  return name.replaceAll(/[_-]+(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** Throws AttuneError 'usage' where JavaScript gave no images. */
export function requireData(data: unknown, where: string): void {
  if (typeof data === 'string') return;
  const hint = "write data: 'photos', a folder with one folder of images per class";
  throw new AttuneError({ code: 'usage', what: 'there are no images', where, hint });
}
