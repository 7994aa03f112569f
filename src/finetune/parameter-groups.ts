/** Parameter groups of fine-tuning: trunk and head with rates of their own, weight decay on weights only. */
import type { ImageClassifier } from '../models/index.js';
import {
  adam,
  adamW,
  type Optimizer,
  type ParameterGroup,
  PullToStart,
  rmsprop,
  type StepPart,
  sgd,
  WeightAverage,
} from '../optim/index.js';
import type { Parameter } from '../tensor/parameter.js';
import type { Recipe } from './recipe-schema.js';

/** Parameters with one rate; weights and the rest, which do not decay, become groups of their own. */
interface Section {
  readonly name: string;
  readonly parameters: ReadonlySet<Parameter>;
  readonly lr: number;
  readonly weightDecay: number;
  readonly pull: number;
}

/** The groups that have parameters, from the images to the head, with the base rates of the recipe. */
export function parameterGroups(model: ImageClassifier, recipe: Recipe): ParameterGroup[] {
  return sectionsOf(model, recipe).flatMap(({ name, parameters, lr, weightDecay, pull }) => {
    const members = model.memory.parameters.filter((parameter) => parameters.has(parameter));
    const weights = members.filter(({ decay }) => decay);
    const others = members.filter(({ decay }) => !decay);
    const groups = [
      { name, parameters: weights, lr, weightDecay, pull },
      { name: `${name} norms and biases`, parameters: others, lr, weightDecay: 0, pull: 0 },
    ];
    return groups.filter((group) => group.parameters.length > 0);
  });
}

/** Trunk and head; with --lr-decay the layers of the trunk, each at the rate of the one above times the decay. */
function sectionsOf(model: ImageClassifier, recipe: Recipe): Section[] {
  const { lr, head_lr, lr_decay, weight_decay, l2_sp } = recipe;
  const head = new Set(model.head.parameters());
  const trunk = Array.from(model.namedParameters()).filter(([, parameter]) => !head.has(parameter));
  // L2-SP takes the place of the weight decay where there is a start to go back to: new layers decay to zero.
  const below = { weightDecay: l2_sp > 0 ? 0 : weight_decay, pull: l2_sp };
  const top = { name: 'head', parameters: head, lr: head_lr, weightDecay: weight_decay, pull: 0 };
  if (lr_decay === 1) {
    return [
      { name: 'trunk', parameters: new Set(trunk.map(([, parameter]) => parameter)), lr, ...below },
      top,
    ];
  }
  const layers = model
    .layerBlocks()
    .map((block) => ({
      name: block.name,
      parameters: new Set(
        trunk.flatMap(([path, parameter]) =>
          block.layers.some((layer) => path.startsWith(`${layer}.`)) ? [parameter] : [],
        ),
      ),
    }))
    .filter(({ parameters }) => parameters.size > 0);
  const rateOf = (index: number) => lr * lr_decay ** (layers.length - 1 - index);
  return [...layers.map((layer, index) => ({ ...layer, lr: rateOf(index), ...below })), top];
}

/** The recipe's optimiser over a model that is on a device. */
export function makeOptimizer(model: ImageClassifier, recipe: Recipe): Optimizer {
  const { memory } = model;
  const parts: StepPart[] = [];
  if (recipe.l2_sp > 0) parts.push(new PullToStart(memory));
  if (recipe.ema !== null) parts.push(new WeightAverage(memory, recipe.ema));
  const options = {
    groups: parameterGroups(model, recipe),
    parts,
    ...(recipe.max_gradient_norm > 0 && { maxGradientNorm: recipe.max_gradient_norm }),
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
