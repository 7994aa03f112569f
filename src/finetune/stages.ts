/**
 * What is trained when, of which the strategies are made: stages of epochs, each with a lowest layer that it trains.
 * The stage follows from the epoch alone, so a resumed run is in the one that it left.
 */
import { type ImageClassifier, startLayer } from '../models/index.js';
import { BatchNorm2d, freeze, unfreeze } from '../nn/index.js';
import type { Recipe } from './recipe-schema.js';
import type { FrozenChoices } from './run-state.js';

/** Epochs in which the same layers are trained. */
export interface TrainingStage {
  /** As the records of its epochs call it. */
  readonly name: string;
  /** The lowest layer that is trained; null: all layers. */
  readonly trainFrom: string | null;
  /** Epochs done before it begins. */
  readonly firstEpoch: number;
}

/** The stage of all epochs from some on in which everything is trained that will be. */
export const FULL_STAGE = 'full';

/** The stages of a recipe. Throws AttuneError 'usage' for a layer that the model does not have. */
export function stagesOf(model: ImageClassifier, { train_from }: Recipe): TrainingStage[] {
  const trainFrom = train_from === null ? null : startLayer(model, train_from);
  return [{ name: FULL_STAGE, trainFrom, firstEpoch: 0 }];
}

/** The stage in which everything is trained that will be: the one that needs most memory. */
export function lastStage(model: ImageClassifier, recipe: Recipe): TrainingStage {
  return stagesOf(model, recipe).at(-1) as TrainingStage;
}

/** The stage of the epoch after `epoch` done ones. */
export function stageAt(stages: readonly TrainingStage[], epoch: number): TrainingStage {
  return stages.findLast(({ firstEpoch }) => firstEpoch <= epoch) as TrainingStage;
}

/** Freezes what lies below the lowest layer of a stage; batch norms below it always keep their statistics. */
export async function setTrainable(
  model: ImageClassifier,
  { trainFrom }: Pick<TrainingStage, 'trainFrom'>,
  batchNorm: FrozenChoices['batch_norm'],
): Promise<void> {
  await unfreeze(model);
  if (trainFrom !== null) await freeze(model, trainFrom);
  for (const module of model.modules()) {
    if (module instanceof BatchNorm2d) module.mode = module.weight.trainable ? batchNorm : 'frozen';
  }
}
