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
  const end =
    until === undefined
      ? parameters.length
      : frontier(
          parameters.map(([name]) => name),
          until,
        );
  await setTrainable(
    model,
    parameters.slice(0, end).map(([, parameter]) => parameter),
    false,
  );
}

/** Makes all parameters of a model, or of a part of it, trainable. Lays it out again where it is on a device. */
export async function unfreeze(model: Module): Promise<void> {
  await setTrainable(model, model.parameters(), true);
}

async function setTrainable(
  model: Module,
  parameters: readonly Parameter[],
  trainable: boolean,
): Promise<void> {
  const changed = parameters.filter((parameter) => parameter.trainable !== trainable);
  for (const parameter of changed) parameter.trainable = trainable;
  if (changed.length > 0) await model.rebuildMemory();
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
function frontier(names: readonly string[], layer: string): number {
  const first = names.findIndex((name) => name === layer || name.startsWith(`${layer}.`));
  if (first >= 0) return first;
  const layers = names.flatMap((name) =>
    name.split('.').map((_, i, parts) => parts.slice(0, i + 1).join('.')),
  );
  const guess = nearest(layer, new Set(layers));
  throw new AttuneError({
    code: 'usage',
    what: 'the model has no such layer',
    where: layer,
    hint: guess === undefined ? `it begins with ${names[0] ?? 'no parameter'}` : `did you mean ${guess}?`,
  });
}
