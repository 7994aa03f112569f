/**
 * Keras's older `.h5`: weights alone, or a whole model with its weights in the group `model_weights`. One group per
 * layer; attributes list the layers and each layer's weights in order, since HDF5 itself sorts by name.
 *
 * Variables are called by their layer's group, `Conv1/kernel`, as the names that TensorFlow gave them may differ
 * (`Conv1_2/kernel:0`). A group with weights of several layers is a model within the model: there the names are kept
 * behind the group's, `mobilenetv2_1.00_224/Conv1/kernel`.
 */

import type { Hdf5Object } from '../hdf5/file.js';
import { weightsError, quote } from '../tensors.js';
import { type KerasLayer, layersByName, parseKerasConfig } from './config.js';
import { type KerasWeights, Variables } from './variables.js';

/** Attributes of attune's own, beside Keras's. */
export const OWN_PREFIX = 'attune_';

/** The longest attribute list that Keras writes in pieces: names0, names1, ... */
const MAX_PIECES = 10_000;

/** The weights of an older file; undefined if `root` is not that of one. */
export async function readLegacyH5(root: Hdf5Object): Promise<KerasWeights | undefined> {
  const group = (await root.find('model_weights')) ?? root;
  const layerNames = await splitTexts(group, 'layer_names');
  if (layerNames === undefined) return undefined;
  const config = await (await root.attributes()).text('model_config');
  const where = `${root.where}, model_config`;
  const model = config === undefined ? undefined : await parseKerasConfig(config, root.pauses, where);
  const described = new Map(model?.layers?.map((layer) => [layer.name, layer]));

  const variables = new Variables();
  for (const layer of layerNames) {
    const layerGroup = await memberOf(group, layer);
    const weightNames = (await splitTexts(layerGroup, 'weight_names')) ?? [];
    const names = variableNames(layer, weightNames);
    const layerOf = layerFinder(described.get(layer));
    for (const [i, weight] of weightNames.entries()) {
      await variables.add(names[i], await memberOf(layerGroup, weight), layerOf(weight));
    }
  }
  if (root.names.includes('optimizer_weights')) variables.skip('optimizer_weights', 'optimizer state');
  const { tensors, skipped } = variables;
  return { metadata: await metadataOf(root, group), tensors, skipped };
}

async function memberOf(group: Hdf5Object, name: string): Promise<Hdf5Object> {
  const member = await group.find(name);
  if (member === undefined || member === group) {
    throw weightsError(group.where, `the listed member ${quote(name)} is missing`);
  }
  return member;
}

/** A list of texts, which Keras splits into `name0`, `name1`, ... where it would pass HDF5's 64 KiB. */
async function splitTexts(object: Hdf5Object, name: string): Promise<string[] | undefined> {
  const attributes = await object.attributes();
  const whole = await attributes.texts(name);
  if (whole !== undefined) return whole;
  const pieces: string[] = [];
  for (let i = 0; i < MAX_PIECES; i++) {
    const piece = await attributes.texts(`${name}${i}`);
    if (piece === undefined) return i === 0 ? undefined : pieces;
    for (const text of piece) pieces.push(text);
  }
  throw weightsError(object.where, `the attribute ${name} has more than ${MAX_PIECES} parts`);
}

/** Names of a group's weights: behind the group's name the variable alone, or with its layer if there are several. */
function variableNames(group: string, weightNames: readonly string[]): string[] {
  const paths = weightNames.map((name) => name.replace(/:0$/, '').split('/'));
  const layers = new Set(paths.map((path) => path.slice(0, -1).join('/')));
  return paths.map((path) => {
    const kept = layers.size > 1 ? path : path.slice(-1);
    return [...(kept[0] === group && kept.length > 1 ? [] : [group]), ...kept].join('/');
  });
}

/** Whose weight it is, by the description of the group: of the layer, or of one of those in the model that it is. */
function layerFinder(group: KerasLayer | undefined): (weight: string) => KerasLayer | undefined {
  if (group?.layers === undefined) return () => group;
  const layers = layersByName(group);
  return (weight) => layers.get(weight.split('/').at(-2) ?? '');
}

async function metadataOf(root: Hdf5Object, group: Hdf5Object): Promise<Record<string, string>> {
  const found: [string, string][] = [];
  const add = async (object: Hdf5Object, attribute: string, name: string) => {
    const text = await (await object.attributes()).text(attribute);
    if (text !== undefined) found.push([name, text]);
  };
  for (const name of (await root.attributes()).names) {
    if (name.startsWith(OWN_PREFIX)) await add(root, name, name.slice(OWN_PREFIX.length));
  }
  for (const name of ['keras_version', 'backend']) await add(group, name, name);
  // fromEntries defines its keys, so even "__proto__" is plain text.
  return Object.fromEntries(found);
}
