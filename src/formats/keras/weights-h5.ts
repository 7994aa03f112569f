/**
 * Keras 3's `.weights.h5`, alone or within a `.keras` archive. A layer's variables are numbered, and the layer itself is
 * found by its class and its number among the layers of that class: `layers/conv2d_3/vars/0` is the kernel of the fourth
 * Conv2D in the order of the model. The description of the model gives the layers their names back. Without one, newer
 * files have the layer's name as an attribute; else the class and number remain, as `conv2d_3/kernel`.
 */

import type { Hdf5Object } from '../hdf5/file.js';
import { weightsError, quote } from '../tensors.js';
import type { KerasLayer } from './config.js';
import { type KerasWeights, Variables } from './variables.js';

/** The groups in which a model keeps its layers: the second one in files of TensorFlow 2.13. */
const LAYER_GROUPS = ['layers', '_layer_checkpoint_dependencies'];

/** Groups within groups. */
const MAX_DEPTH = 32;

/** Where a layer has its own variables. */
const VARS = 'vars';

/** The variables of the layers that image networks have, in the order in which Keras makes them. */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  conv1d: ['kernel', 'bias'],
  conv2d: ['kernel', 'bias'],
  conv2d_transpose: ['kernel', 'bias'],
  depthwise_conv2d: ['depthwise_kernel', 'bias'],
  separable_conv2d: ['depthwise_kernel', 'pointwise_kernel', 'bias'],
  dense: ['kernel', 'bias'],
  batch_normalization: ['gamma', 'beta', 'moving_mean', 'moving_variance'],
  layer_normalization: ['gamma', 'beta'],
  group_normalization: ['gamma', 'beta'],
  normalization: ['mean', 'variance', 'count'],
  embedding: ['embeddings'],
};

/** Beside the layers, and no weights. */
const OPTIMIZER = 'optimizer';

/** The weights of a Keras 3 file; undefined if `root` is not that of one. */
export async function readWeightsH5(
  root: Hdf5Object,
  model: KerasLayer | undefined,
): Promise<KerasWeights | undefined> {
  if (!(await hasLayers(root))) return undefined;
  const reader = new Reader();
  await reader.read(root, { key: '', layer: model, path: [], depth: 0 });
  const { tensors, skipped } = reader.variables;
  return { metadata: {}, tensors, skipped };
}

/** Whether a group has layers: in a list, or as attributes of a model that is a class of its own. */
async function hasLayers(root: Hdf5Object): Promise<boolean> {
  if (LAYER_GROUPS.some((name) => root.names.includes(name))) return true;
  for (const name of root.names) {
    if (name !== OPTIMIZER && (await root.find(name))?.names.includes(VARS)) return true;
  }
  return false;
}

/** A group and what it stands for: a layer, a model within the model, or a part of either. */
interface Place {
  /** What the group is called. */
  readonly key: string;
  /** What describes it, if anything does. */
  readonly layer: KerasLayer | undefined;
  readonly path: readonly string[];
  readonly depth: number;
}

class Reader {
  readonly variables = new Variables();
  /** Groups that were read: hard links may lead in a circle. */
  readonly #seen = new Set<number>();

  /** Adds the variables of a group, of the layers in it, and of its parts, such as the projections of an attention. */
  async read(group: Hdf5Object, place: Place): Promise<void> {
    const { path, depth } = place;
    this.#enter(group, depth);
    for (const name of group.names) {
      const member = (await group.find(name)) as Hdf5Object;
      if (name === VARS) await this.#vars(member, place);
      else if (LAYER_GROUPS.includes(name)) await this.#layers(member, place);
      else if (name === OPTIMIZER && depth === 0) this.variables.skip(name, 'optimizer state');
      else await this.read(member, { key: name, layer: undefined, path: [...path, name], depth: depth + 1 });
    }
  }

  async #layers(folder: Hdf5Object, { layer, path, depth }: Place): Promise<void> {
    this.#enter(folder, depth);
    const left = new Set(folder.names);
    const keys =
      layer?.layers === undefined
        ? sortedByNumber(folder.names).map((key) => ({ key, layer: undefined }))
        : keysOf(layer.layers).filter(({ key }) => left.has(key));
    for (const { key, layer } of keys) {
      const group = (await folder.find(key)) as Hdf5Object;
      const name = layer?.name || (await storedName(group)) || key;
      await this.read(group, { key, layer, path: [...path, name], depth: depth + 1 });
    }
    for (const { key } of keys) left.delete(key);
    const [undescribed] = left;
    if (undescribed !== undefined) {
      throw weightsError(
        folder.where,
        `the model's description does not have the layer ${quote(undescribed, 100)}`,
      );
    }
  }

  async #vars(vars: Hdf5Object, { key, layer, path, depth }: Place): Promise<void> {
    this.#enter(vars, depth);
    const names = variableNames(key.replace(/_\d+$/, ''), layer);
    for (const number of sortedByNumber(vars.names)) {
      const name = /^\d+$/.test(number) ? (names[Number(number)] ?? number) : number;
      const array = (await vars.find(number)) as Hdf5Object;
      await this.variables.add([...path, name].join('/'), array, layer);
    }
  }

  #enter(group: Hdf5Object, depth: number): void {
    if (this.#seen.has(group.address) || depth > MAX_DEPTH) {
      throw weightsError(group.where, `groups lead in a circle, or are nested more than ${MAX_DEPTH} deep`);
    }
    if (!group.isGroup) throw weightsError(group.where, 'an array stands where a group is expected');
    this.#seen.add(group.address);
  }
}

/** The layer's own name, which newer files have beside its variables. */
async function storedName(group: Hdf5Object): Promise<string | undefined> {
  const vars = await group.find(VARS);
  return vars === undefined ? undefined : (await vars.attributes()).text('name');
}

function variableNames(layerClass: string, layer: KerasLayer | undefined): readonly string[] {
  const names = Object.hasOwn(VARIABLES, layerClass) ? VARIABLES[layerClass] : [];
  const { scale = true, center = true } = layer ?? {};
  return names.filter((name) => (name !== 'gamma' || scale) && (name !== 'beta' || center));
}

/** The group of each layer: its class, and from the second one of a class on, a number. */
function keysOf(layers: readonly KerasLayer[]): { key: string; layer: KerasLayer }[] {
  const counts = new Map<string, number>();
  return layers.map((layer) => {
    const base = snakeCase(layer.className);
    const count = counts.get(base) ?? 0;
    counts.set(base, count + 1);
    return { key: count === 0 ? base : `${base}_${count}`, layer };
  });
}

/** `BatchNormalization` to `batch_normalization`, `Conv2D` to `conv2d`, as Keras does it. */
function snakeCase(name: string): string {
  return name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

/** Numbers at the end by their value: `conv2d_2` before `conv2d_10`. */
function sortedByNumber(keys: readonly string[]): string[] {
  const numbered = keys.map((key) => {
    // No pattern, which would look through a long number from each of its digits.
    let end = key.length;
    while (key[end - 1] >= '0' && key[end - 1] <= '9') end--;
    return { key, stem: key.slice(0, end), number: Number(key.slice(end)) };
  });
  numbered.sort((a, b) => (a.stem === b.stem ? a.number - b.number : a.stem < b.stem ? -1 : 1));
  return numbered.map(({ key }) => key);
}
