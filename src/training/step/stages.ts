/**
 * What is trained when: strategies are made of stages of epochs, each with a lowest layer that it trains.
 * `full` and `probe-then-full` have one stage. `gradual` begins with the head, already fitted, and the highest group
 * of layers; every `unfreeze_epochs` the next group below joins (Howard and Ruder, ULMFiT, 2018, section 3.3), until
 * all from `train_from` on are trained.
 *
 * The stage follows from the epoch alone, so a resumed run is in the one that it left.
 */
import { AttuneError } from '../../errors.js';
import { isIn, type Network, type LayerBlock, startLayer } from '../../models/index.js';
import { BatchNorm2d, trainFrom } from '../../nn/index.js';
import type { Recipe } from '../../recipe/recipe-schema.js';
import type { FrozenChoices } from '../../runs/run-state.js';

/** Epochs in which the same layers are trained. */
export interface TrainingStage {
  /** As the records of its epochs call it. */
  readonly name: string;
  /** The lowest layer that is trained; null: all layers. */
  readonly trainFrom: string | null;
  /** The group of layers that joins with it; null in the only stage. */
  readonly joins: string | null;
  /** Epochs done before it begins. */
  readonly firstEpoch: number;
}

/** The stage of all epochs from some on in which everything is trained that will be. */
export const FULL_STAGE = 'full';

/**
 * The stages of a recipe. Throws AttuneError 'usage' for an index that no layer has, and when nothing would be unfrozen
 * step by step or the epochs end before the last group joins.
 */
export function stagesOf(model: Network, recipe: Recipe): TrainingStage[] {
  const { train_from, strategy, unfreeze_epochs, epochs } = recipe;
  const lowest = train_from === null ? null : startLayer(model, train_from);
  const only = { name: FULL_STAGE, trainFrom: lowest, joins: null, firstEpoch: 0 };
  if (strategy !== 'gradual') return [only];
  const groups = joiningGroups(model, lowest);
  const stages = groups.map(
    (group, i): TrainingStage =>
      i === groups.length - 1
        ? { ...only, joins: group.name, firstEpoch: i * unfreeze_epochs }
        : {
            name: `from ${group.name}`,
            trainFrom: startLayer(model, group.layers[0]),
            joins: group.name,
            firstEpoch: i * unfreeze_epochs,
          },
  );
  assertGradual(stages, epochs, unfreeze_epochs);
  return stages;
}

/** Groups from the head's neighbour down, to the one that `lowest` lies in. */
function joiningGroups(model: Network, lowest: string | null): LayerBlock[] {
  const names = Array.from(model.namedParameters(), ([name]) => name);
  const indexOf = (layer: string) => names.findIndex((name) => isIn(layer, name));
  const end = lowest === null ? 0 : indexOf(lowest);
  const lastOf = ({ layers }: LayerBlock) =>
    names.findLastIndex((name) => layers.some((layer) => isIn(layer, name)));
  return model
    .layerGroups()
    .filter((group) => lastOf(group) >= end)
    .reverse();
}

function assertGradual(stages: readonly TrainingStage[], epochs: number, unfreezeEpochs: number): void {
  if (stages.length < 2) {
    throw new AttuneError({
      code: 'usage',
      what: 'the strategy gradual has nothing to unfreeze step by step from there on',
      where: '--train-from',
      hint: 'name a lower layer, or use --strategy probe-then-full',
    });
  }
  const last = stages[stages.length - 1];
  if (last.firstEpoch >= epochs) {
    throw new AttuneError({
      code: 'usage',
      what: `with ${unfreezeEpochs} ${unfreezeEpochs === 1 ? 'epoch' : 'epochs'} for each of ${stages.length} groups of layers, ${epochs} end before ${last.joins} joins`,
      where: '--epochs',
      hint: `give at least ${last.firstEpoch + 1}, fewer --unfreeze-epochs, or a higher --train-from`,
    });
  }
}

/** The stage in which everything is trained that will be: the one that needs most memory. */
export function lastStage(model: Network, recipe: Recipe): TrainingStage {
  return stagesOf(model, recipe).at(-1) as TrainingStage;
}

/** The stage of the epoch after `epoch` done ones. */
export function stageAt(stages: readonly TrainingStage[], epoch: number): TrainingStage {
  return stages.findLast(({ firstEpoch }) => firstEpoch <= epoch) as TrainingStage;
}

/** Freezes what lies below the lowest layer of a stage; batch norms below it always keep their statistics. */
export async function setTrainable(
  model: Network,
  { trainFrom: layer }: Pick<TrainingStage, 'trainFrom'>,
  batchNorm: FrozenChoices['batch_norm'],
): Promise<void> {
  await trainFrom(model, layer);
  for (const module of model.modules()) {
    if (module instanceof BatchNorm2d) module.mode = module.weight.trainable ? batchNorm : 'frozen';
  }
}
