/**
 * What a Keras model's description in JSON says about its weights: the layers in order, their classes and names. Nothing
 * is built from it: a description may name any Python class, and Keras's own reader was attacked through it.
 */

import type { Pauses } from '../../pauses.js';
import { JsonScanner } from '../json.js';
import { weightsError } from '../tensors.js';

/** A layer, or a model within a model. */
export interface KerasLayer {
  readonly className: string;
  readonly name: string;
  /** Whether a batch norm has gamma, and beta. */
  readonly scale: boolean;
  readonly center: boolean;
  /** What a batch norm adds to the variance. How it trains (`momentum`) is for the network's own code to say. */
  readonly epsilon: number | undefined;
  /** The layers of a model that lists them. */
  readonly layers: readonly KerasLayer[] | undefined;
}

/** Models within models. */
const MAX_DEPTH = 20;

/** Layers whose weights need code that the file brings along. */
const REFUSED = ['Lambda', 'TorchModuleWrapper', 'TFSMLayer'];

/**
 * The model that a description is of; without layers where it is a class of its own, which does not list them.
 * @throws AttuneError 'weights' if the text is not JSON, or has a layer that runs code of its own.
 */
export async function parseKerasConfig(text: string, pauses: Pauses, where: string): Promise<KerasLayer> {
  const json = new JsonScanner(text, pauses, (what) => weightsError(where, what));
  const model = await parseKerasLayer(json, where);
  json.end();
  return model;
}

/** Every layer of a model by its name, those of models within it as well. */
export function layersByName({ layers = [] }: KerasLayer): Map<string, KerasLayer> {
  const found = new Map<string, KerasLayer>();
  const add = (layer: KerasLayer) => {
    found.set(layer.name, layer);
    layer.layers?.forEach(add);
  };
  layers.forEach(add);
  return found;
}

/** What a layer adds to its variable of this name before the root: undefined if that is no batch norm's variance. */
export function epsilonOf(layer: KerasLayer | undefined, variable: string): number | undefined {
  return /(?:^|\/)moving_variance(?::0)?$/.test(variable) ? layer?.epsilon : undefined;
}

/**
 * Scans `{"class_name": ..., "config": {...}, ...}`.
 * @param others must scan the value of any other key
 */
export async function parseKerasLayer(
  json: JsonScanner,
  where: string,
  others: (key: string) => unknown = () => json.skip(),
  depth = 0,
): Promise<KerasLayer> {
  if (depth > MAX_DEPTH) throw weightsError(where, `models are nested more than ${MAX_DEPTH} deep`);
  let className = '';
  let config = NO_CONFIG;
  await json.object(async (key) => {
    if (key === 'class_name') className = await stringOrSkip(json);
    else if (key === 'config' && json.peek() === '{') config = await parseConfig(json, where, depth);
    else await others(key);
  });
  if (REFUSED.includes(className)) {
    throw weightsError(
      where,
      `the model has a layer of class ${className}, whose code attune never runs`,
      'a file from an untrusted source may be an attack; of your own model, save the weights alone',
    );
  }
  return { className, ...config };
}

type KerasConfig = Omit<KerasLayer, 'className'>;

const NO_CONFIG: KerasConfig = {
  name: '',
  scale: true,
  center: true,
  epsilon: undefined,
  layers: undefined,
};

async function parseConfig(json: JsonScanner, where: string, depth: number): Promise<KerasConfig> {
  let { name, scale, center, epsilon } = NO_CONFIG;
  let layers: KerasLayer[] | undefined;
  await json.object(async (key) => {
    const next = json.peek();
    if (key === 'name') name = await stringOrSkip(json);
    else if (key === 'scale' && /[tf]/.test(next)) scale = json.boolean();
    else if (key === 'center' && /[tf]/.test(next)) center = json.boolean();
    else if (key === 'epsilon' && /[-\d]/.test(next)) epsilon = json.number();
    else if (key === 'layers' && next === '[') {
      const found: KerasLayer[] = [];
      await json.array(async () => found.push(await parseKerasLayer(json, where, undefined, depth + 1)));
      layers = found;
    } else await json.skip();
  });
  return { name, scale, center, epsilon, layers };
}

async function stringOrSkip(json: JsonScanner): Promise<string> {
  if (json.peek() === '"') return json.string();
  await json.skip();
  return '';
}
