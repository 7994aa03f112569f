/**
 * A whole Keras model as `.h5`: the layers as JSON in an attribute, and in the group `model_weights` a group for each
 * layer, whose attribute lists its variables in order. All versions of Keras read this form.
 */

import { type GroupToWrite, hdf5Pieces } from '../hdf5/write.js';
import { OWN_PREFIX } from './legacy-h5.js';
import type { TensorToWrite } from '../to-write.js';

/** The version whose form it is. */
const KERAS_VERSION = '2.15.0';

/** A model as it is to be written. */
export interface KerasFile {
  /** Keras's `model_config`. */
  readonly config: unknown;
  /** Every layer in order, with its variables by their short names. */
  readonly layers: readonly { readonly layer: string; readonly variables: readonly TensorToWrite[] }[];
  /** Attributes of attune's own, which Keras passes over. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Yields the file from beginning to end. Throws AttuneError 'weights' for types other than float32. */
export function kerasPieces({ config, layers, metadata }: KerasFile): AsyncGenerator<Uint8Array> {
  const version = { backend: 'tensorflow', keras_version: KERAS_VERSION };
  const weights: GroupToWrite = {
    attributes: { ...version, layer_names: layers.map(({ layer }) => layer) },
    members: new Map(layers.map(({ layer, variables }) => [layer, layerGroup(layer, variables)])),
  };
  return hdf5Pieces({
    attributes: { ...version, model_config: JSON.stringify(config), ...prefixed(metadata) },
    members: new Map([['model_weights', weights]]),
  });
}

/** `conv1/kernel:0` in the group of the layer `conv1`: the name that TensorFlow gave the variable, which has a path. */
function layerGroup(layer: string, variables: readonly TensorToWrite[]): GroupToWrite {
  if (variables.length === 0) return { attributes: { weight_names: [] }, members: new Map() };
  const arrays = new Map(variables.map((variable) => [`${variable.name}:0`, variable]));
  return {
    attributes: { weight_names: [...arrays.keys()].map((name) => `${layer}/${name}`) },
    members: new Map([[layer, { attributes: {}, members: arrays }]]),
  };
}

/** Names that no version of Keras gives a meaning. */
function prefixed(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, text]) => [OWN_PREFIX + name, text]));
}
