/** What people are told of weights whose last layers are not used: those of another head, or none. */
import { AttuneError } from '../errors.js';
import type { RunContext } from '../recipe/options.js';
import { listed, oneLine } from '../text.js';
import { commandLine } from './command-line.js';
import type { LoadedModel } from './model-source.js';

/**
 * Throws AttuneError 'weights' where nothing answers: a network without a head of its own gives a random class, as sure of
 * it as of any other.
 */
export function requireHead(loaded: LoadedModel): void {
  if (loaded.hasHead) return;
  throw new AttuneError({
    code: 'weights',
    what: `${noHeadText(loaded)}, so that nothing here can answer`,
    where: loaded.weights,
    hint: `train a last layer for your own data: ${commandLine(['finetune'])} takes these --weights`,
  });
}

/** What weights have in place of the network's head. */
export function noHeadText({ leftOut, model }: LoadedModel): string {
  return leftOut.length === 0
    ? 'the weights have no last layer'
    : `the last layers of the weights, ${someOf(leftOut)}, are none that ${model.architecture} has`;
}

/** Says what was left out of weights whose trunk alone is used. */
export function tellLeftOut({ leftOut, model }: LoadedModel, { onEvent }: RunContext): void {
  if (leftOut.length === 0) return;
  const text = `Note: the weights end in layers that ${model.architecture} does not have, which are left out: ${someOf(leftOut)}. The rest is used.`;
  onEvent?.({ type: 'note', text });
}

/** Names of layers for people; of a file with many, the first. */
export function someOf(layers: readonly string[]): string {
  return listed(layers.map(oneLine));
}
