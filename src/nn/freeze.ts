/** Which parameters training may change. */
import { AttuneError } from '../errors.js';
import { nearest } from '../nearest.js';
import type { Parameter } from '../tensor/parameter.js';
import type { Module } from './module.js';

/**
 * Freezes the parameters of a model or of a part of it: all of them, or those before `until`, a layer such as
 * `layer4` or a parameter, in the order of `namedParameters`; what follows stays as it is. A model that is on a
 * device is laid out again, so optimisers are made afterwards. A frozen batch norm keeps its statistics, too. Throws AttuneError 'usage' for an unknown name.
 */
export async function freeze(model: Module, until?: string): Promise<void> {
  const parameters = [...model.namedParameters()];
  const end = until === undefined ? parameters.length : frontier(parameters, until);
  await setTrainable(model, (parameter, i) => i >= end && parameter.trainable);
}

/** Makes all parameters of a model, or of a part of it, trainable. Lays it out again where it is on a device. */
export async function unfreeze(model: Module): Promise<void> {
  await setTrainable(model, () => true);
}

/**
 * Trains a model from `layer` on, named as for `freeze`, and freezes what is before it: one new layout where it is on a
 * device. Null: all of it is trained.
 */
export async function trainFrom(model: Module, layer: string | null): Promise<void> {
  const start = layer === null ? 0 : frontier([...model.namedParameters()], layer);
  await setTrainable(model, (_, i) => i >= start);
}

async function setTrainable(
  model: Module,
  isTrained: (parameter: Parameter, i: number) => boolean,
): Promise<void> {
  let changed = false;
  for (const [i, parameter] of model.parameters().entries()) {
    const trainable = isTrained(parameter, i);
    changed ||= trainable !== parameter.trainable;
    parameter.trainable = trainable;
  }
  if (changed) await model.rebuildMemory();
}

/** How many single numbers the parameters of a model hold, and how many of them training may change. */
export function countParameters(model: Module): { total: number; trainable: number } {
  const parameters = model.parameters();
  const count = (total: number, parameter: { length: number }) => total + parameter.length;
  return {
    total: parameters.reduce(count, 0),
    trainable: parameters.filter((parameter) => parameter.trainable).reduce(count, 0),
  };
}

/** Index of the first parameter of layer `layer`. */
function frontier(
  parameters: readonly (readonly [name: string, parameter: Parameter])[],
  layer: string,
): number {
  const names = parameters.map(([name]) => name);
  const first = names.findIndex((name) => name === layer || name.startsWith(`${layer}.`));
  if (first >= 0) return first;
  const layers = names.flatMap((name) =>
    name.split('.').map((_, i, names) => names.slice(0, i + 1).join('.')),
  );
  const guess = nearest(layer, new Set(layers));
  throw new AttuneError({
    code: 'usage',
    what: 'the model has no such layer',
    where: layer,
    hint: guess === undefined ? `it begins with ${names[0] ?? 'no parameter'}` : `did you mean ${guess}?`,
  });
}
