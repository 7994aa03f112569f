/** The end of a network: made here, from what a task asks for. */
import { AttuneError } from '../errors.js';
import { type Linear, linear } from '../nn/index.js';
import type { FeatureShape, Network } from './network.js';

/** What a task asks of the end of a network. */
export interface HeadShape {
  /** The features that it answers by: pooled for one answer a sample, else one at each place of a map or a sequence. */
  readonly on: FeatureShape;
  /** Numbers of an answer. */
  readonly outputs: number;
}

/** Throws AttuneError 'usage' where no head of a network answers by such features. */
export function refuseHead({ architecture, heads }: Network, { on }: HeadShape): void {
  if (heads.includes(on)) return;
  throw new AttuneError({
    code: 'usage',
    what: `no head of ${architecture} answers by features as ${on}`,
    where: '--model',
    hint: `choose a network that has such a head; those of this one answer by features as ${heads.join(' or ')}`,
  });
}

/**
 * Puts a new head onto a model, initialised from `seed`, and returns it. A model that is on a device is moved there again
 * afterwards. Throws AttuneError 'usage' for fewer than one output, and for a shape that the model has no head of.
 */
export function putHead(model: Network, shape: HeadShape, seed?: number): Linear {
  const { outputs } = shape;
  refuseHead(model, shape);
  if (!Number.isInteger(outputs) || outputs < 1) {
    throw new AttuneError({
      code: 'usage',
      what: `a head cannot have ${outputs} outputs`,
      where: model.architecture,
      hint: 'one for each class or value is needed',
    });
  }
  const head = linear(model.head.inputs, outputs, seed === undefined ? {} : { seed });
  model.head = head;
  return head;
}

/**
 * Puts a new head for `classes` classes onto a model, initialised from `seed`. A model that is on a device is
 * moved there again afterwards: `await model.to(device)`. Returns the head. Throws AttuneError 'usage' for fewer than one
 * class.
 */
export function replaceHead(model: Network, classes: number, seed?: number): Linear {
  return putHead(model, { on: 'pooled', outputs: classes }, seed);
}
