/**
 * What a Keras model's description in JSON says about its weights: the layers in order, their classes and names. Nothing
 * is built from it: a description may name any Python class, and Keras's own reader was attacked through it.
 */

import { JsonScanner } from '../json.js';
import { weightsError } from '../tensors.js';

/** A layer, or a model within a model. */
export interface KerasLayer {
  readonly className: string;
  readonly name: string;
  /** Of a batch norm: whether it has gamma, and beta. */
  readonly scale: boolean;
  readonly center: boolean;
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
export function parseKerasConfig(text: string, where: string): KerasLayer {
  const json = new JsonScanner(text, (what) => weightsError(where, what));
  const model = parseLayer(json, where, 0);
  json.end();
  return model;
}

/** `{"class_name": ..., "config": {...}, ...}` */
function parseLayer(json: JsonScanner, where: string, depth: number): KerasLayer {
  if (depth > MAX_DEPTH) throw weightsError(where, `models are nested more than ${MAX_DEPTH} deep`);
  let className = '';
  let config: Omit<KerasLayer, 'className'> = { name: '', scale: true, center: true, layers: undefined };
  json.object((key) => {
    if (key === 'class_name') className = stringOrSkip(json);
    else if (key === 'config' && json.peek() === '{') config = parseConfig(json, where, depth);
    else json.skip();
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

function parseConfig(json: JsonScanner, where: string, depth: number): Omit<KerasLayer, 'className'> {
  let name = '';
  let [scale, center] = [true, true];
  let layers: KerasLayer[] | undefined;
  json.object((key) => {
    const next = json.peek();
    if (key === 'name') name = stringOrSkip(json);
    else if (key === 'scale' && /[tf]/.test(next)) scale = json.boolean();
    else if (key === 'center' && /[tf]/.test(next)) center = json.boolean();
    else if (key === 'layers' && next === '[') {
      const found: KerasLayer[] = [];
      json.array(() => found.push(parseLayer(json, where, depth + 1)));
      layers = found;
    } else json.skip();
  });
  return { name, scale, center, layers };
}

function stringOrSkip(json: JsonScanner): string {
  if (json.peek() === '"') return json.string();
  json.skip();
  return '';
}
