/** What the parts of a run hand to each other. */
import type { Device } from '../program/device.js';
import type { LoadedModel } from './model-source.js';
import type { FinetuneOptions, RunContext } from '../recipe/options.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import type { TrainingData } from './data/training-data.js';

/** All that a run begins with. */
export interface Run {
  readonly loaded: LoadedModel;
  readonly recipe: Recipe;
  /** Whether the learning rates follow from what is measured behind the fitted head: nobody has asked for any. */
  readonly isRateOpen: boolean;
  readonly data: TrainingData;
  readonly device: Device;
  readonly options: FinetuneOptions;
  readonly context: RunContext;
}
