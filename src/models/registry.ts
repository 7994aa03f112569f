/** The models by name. */
import { AttuneError } from '../errors.js';
import { nearest } from '../nearest.js';
import { familyOf, NETWORKS } from './families.js';
import type { FineTuning, ModelEntry } from './family.js';
import { MODEL_NAMES } from './names.js';

/** The model of this name. Throws AttuneError 'usage' with the nearest name when there is none. */
export function findModel(name: string): ModelEntry {
  const known = MODEL_NAMES.find((candidate) => candidate === name);
  if (known !== undefined) return NETWORKS[known];
  const guess = nearest(name, MODEL_NAMES);
  throw new AttuneError({
    code: 'usage',
    what: `there is no model ${JSON.stringify(name)}`,
    where: '--model',
    hint: guess === undefined ? `choose one of ${MODEL_NAMES.join(', ')}` : `did you mean ${guess}?`,
  });
}

/** How pretrained weights of a network are fine-tuned where nothing is said. */
export function fineTuningOf(name: string): FineTuning {
  return familyOf(name)?.fineTuning ?? {};
}

export type { ModelEntry, ModelOptions } from './family.js';
