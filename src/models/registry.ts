/** The models by torchvision's names: how to make one, its usual weights, and what its images must be. */
import { AttuneError } from '../errors.js';
import { nearest } from '../nearest.js';
import type { ImageClassifier } from './classifier.js';
import { IMAGENET_PREPROCESSING, type ModelPreprocessing } from './preprocessing.js';
import { resnet18, resnet34, resnet50 } from './resnet.js';

export interface ModelOptions {
  /** Default 1000, ImageNet's. */
  readonly classes?: number;
  /** Of the initial values. Default 42. */
  readonly seed?: number;
}

export interface ModelEntry {
  readonly name: ModelName;
  create(options?: ModelOptions): ImageClassifier;
  /** Name in the catalogue of downloadable weights. */
  readonly defaultWeights: string;
  /** For the default weights; the catalogue has that of others. */
  readonly preprocessing: ModelPreprocessing;
}

export const MODEL_NAMES = ['resnet18', 'resnet34', 'resnet50'] as const;

export type ModelName = (typeof MODEL_NAMES)[number];

const FACTORIES: Readonly<Record<ModelName, (options?: ModelOptions) => ImageClassifier>> = {
  resnet18,
  resnet34,
  resnet50,
};

/** The model of this name. Throws AttuneError 'usage' with the nearest name when there is none. */
export function findModel(name: string): ModelEntry {
  const known = MODEL_NAMES.find((candidate) => candidate === name);
  if (known !== undefined) {
    const preprocessing = IMAGENET_PREPROCESSING;
    return { name: known, create: FACTORIES[known], defaultWeights: `${known}-v1`, preprocessing };
  }
  const guess = nearest(name, MODEL_NAMES);
  throw new AttuneError({
    code: 'usage',
    what: `there is no model ${JSON.stringify(name)}`,
    where: '--model',
    hint: guess === undefined ? `choose one of ${MODEL_NAMES.join(', ')}` : `did you mean ${guess}?`,
  });
}
