/** Parameter groups of fine-tuning: trunk and head with rates of their own, weight decay on weights only. */
import type { ImageClassifier } from '../models/index.js';
import { adam, adamW, type Optimizer, type ParameterGroup, rmsprop, sgd } from '../optim/index.js';
import type { Parameter } from '../tensor/parameter.js';
import type { Recipe } from './recipe.js';

/** The groups that have parameters, with the base rates of the recipe. */
export function parameterGroups(
  model: ImageClassifier,
  { lr, head_lr, weight_decay }: Recipe,
): ParameterGroup[] {
  const head = new Set(model.head.parameters());
  const groups: ParameterGroup[] = [];
  for (const part of ['trunk', 'head'] as const) {
    for (const decays of [true, false]) {
      const belongs = (parameter: Parameter) =>
        head.has(parameter) === (part === 'head') && parameter.decay === decays;
      const parameters = model.memory.parameters.filter(belongs);
      if (parameters.length === 0) continue;
      const name = decays ? part : `${part} norms and biases`;
      groups.push({
        name,
        parameters,
        lr: part === 'head' ? head_lr : lr,
        weightDecay: decays ? weight_decay : 0,
      });
    }
  }
  return groups;
}

/** The recipe's optimiser over a model that is on a device. */
export function makeOptimizer(model: ImageClassifier, recipe: Recipe): Optimizer {
  const options = {
    groups: parameterGroups(model, recipe),
    ...(recipe.max_gradient_norm > 0 && { maxGradientNorm: recipe.max_gradient_norm }),
  };
  switch (recipe.optimizer) {
    case 'sgd':
      return sgd(model.memory, { ...options, momentum: recipe.momentum, nesterov: recipe.nesterov });
    case 'rmsprop':
      return rmsprop(model.memory, { ...options, momentum: recipe.momentum });
    case 'adam':
      return adam(model.memory, options);
    case 'adamw':
      return adamW(model.memory, options);
  }
}
