/** Parameter groups of fine-tuning: trunk and head with rates of their own, weight decay on weights only. */
import { isIn, type Network } from '../../models/index.js';
import { adam, adamW, type Optimizer, type ParameterGroup, rmsprop, sgd } from '../../optim/index.js';
import type { Parameter } from '../../tensor/parameter.js';
import { gradientLimitOf, stepPartsOf, trunkDecayOf } from '../../methods/index.js';
import type { Recipe } from '../../recipe/recipe-schema.js';

/** Parameters with one rate; weights and the rest, which do not decay, become groups of their own. */
interface Section {
  readonly name: string;
  readonly parameters: ReadonlySet<Parameter>;
  readonly lr: number;
  readonly weightDecay: number;
  readonly pull: number;
  readonly joinedAt: number;
}

/** The step at which a group of layers joins those that are trained. */
export type JoinedAt = (group: string) => number;

const ALL_AT_ONCE: JoinedAt = () => 0;

/** The groups that have parameters, from the images to the head, with the base rates of the recipe. */
export function parameterGroups(
  model: Network,
  recipe: Recipe,
  joinedAt: JoinedAt = ALL_AT_ONCE,
): ParameterGroup[] {
  return sectionsOf(model, recipe, joinedAt).flatMap(({ name, parameters, weightDecay, pull, ...rest }) => {
    const members = model.memory.parameters.filter((parameter) => parameters.has(parameter));
    const weights = members.filter(({ decay }) => decay);
    const others = members.filter(({ decay }) => !decay);
    const groups = [
      { name, parameters: weights, weightDecay, pull, ...rest },
      { name: `${name} norms and biases`, parameters: others, weightDecay: 0, pull: 0, ...rest },
    ];
    return groups.filter((group) => group.parameters.length > 0);
  });
}

/**
 * Trunk and head; with --lr-decay the layers of the trunk, each at the rate of the one above times the decay. Gradual
 * unfreezing has groups of layers in their place.
 */
function sectionsOf(model: Network, recipe: Recipe, joinedAt: JoinedAt): Section[] {
  const { strategy, lr, head_lr, lr_decay, weight_decay } = recipe;
  const head = new Set(model.head.parameters());
  const trunk = Array.from(model.namedParameters()).filter(([, parameter]) => !head.has(parameter));
  const below = trunkDecayOf(recipe, weight_decay);
  const top = {
    name: 'head',
    parameters: head,
    lr: head_lr,
    weightDecay: weight_decay,
    pull: 0,
    joinedAt: 0,
  };
  if (lr_decay === 1 && strategy !== 'gradual') {
    const parameters = new Set(trunk.map(([, parameter]) => parameter));
    return [{ name: 'trunk', parameters, lr, ...below, joinedAt: 0 }, top];
  }
  const blocks = strategy === 'gradual' ? model.layerGroups() : model.layerBlocks();
  const layers = blocks
    .map((block) => ({
      name: block.name,
      parameters: new Set(
        trunk.flatMap(([path, parameter]) =>
          block.layers.some((layer) => isIn(layer, path)) ? [parameter] : [],
        ),
      ),
    }))
    .filter(({ parameters }) => parameters.size > 0);
  const rateOf = (index: number) => lr * lr_decay ** (layers.length - 1 - index);
  const sections = layers.map((layer, index) => ({
    ...layer,
    ...below,
    lr: rateOf(index),
    joinedAt: joinedAt(layer.name),
  }));
  return [...sections, top];
}

/** The recipe's optimiser over a model that is on a device. */
export function makeOptimizer(model: Network, recipe: Recipe, joinedAt?: JoinedAt): Optimizer {
  const { memory } = model;
  const limit = gradientLimitOf(recipe);
  const options = {
    groups: parameterGroups(model, recipe, joinedAt),
    parts: stepPartsOf(recipe, memory),
    ...(limit > 0 && { maxGradientNorm: limit }),
  };
  switch (recipe.optimizer) {
    case 'sgd':
      return sgd(memory, { ...options, momentum: recipe.momentum, nesterov: recipe.nesterov });
    case 'rmsprop':
      return rmsprop(memory, { ...options, momentum: recipe.momentum });
    case 'adam':
      return adam(memory, options);
    case 'adamw':
      return adamW(memory, options);
  }
}
