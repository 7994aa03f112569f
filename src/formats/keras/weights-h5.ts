/**
 * Keras 3's `.weights.h5`, alone or within a `.keras` archive. A layer's variables are numbered, and the layer itself is
 * found by its class and its number among the layers of that class: `layers/conv2d_3/vars/0` is the kernel of the fourth
 * Conv2D in the order of the model. The description of the model gives the layers their names back. Without one, newer
 * files have the layer's name as an attribute; else the class and number remain, as `conv2d_3/kernel`.
 */

import type { Hdf5Object } from '../hdf5/file.js';
import { type SkippedEntry, weightsError } from '../tensors.js';
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
  embedding: ['embeddings'],
};

/** A layer without a description: as Keras makes it unless told otherwise. */
const UNDESCRIBED = { name: '', scale: true, center: true, layers: undefined };

/** The weights of a Keras 3 file; undefined if `root` is not that of one. */
export async function readWeightsH5(
  root: Hdf5Object,
  model: KerasLayer | undefined,
): Promise<KerasWeights | undefined> {
  if (!LAYER_GROUPS.some((name) => root.names.includes(name))) return undefined;
  const reader = new Reader();
  await reader.model(root, model?.layers, [], 0);
  const skipped: SkippedEntry[] = root.names.includes('optimizer')
    ? [{ name: 'optimizer', kind: 'optimizer state' }]
    : [];
  return { metadata: {}, tensors: reader.variables.tensors, skipped };
}

class Reader {
  readonly variables = new Variables();
  /** Groups that were read: hard links may lead in a circle. */
  readonly #seen = new Set<number>();

  /** @param layers in the order of the model; undefined if nothing describes it */
  async model(
    group: Hdf5Object,
    layers: readonly KerasLayer[] | undefined,
    scope: readonly string[],
    depth: number,
  ): Promise<void> {
    this.#enter(group, depth);
    const name = LAYER_GROUPS.find((candidate) => group.names.includes(candidate));
    const folder = name === undefined ? undefined : await group.find(name);
    if (folder === undefined) return;
    this.#enter(folder, depth);
    const described =
      layers === undefined
        ? folder.names.sort(byNumber).map((key) => ({ key, layer: undefined }))
        : keysOf(layers).filter(({ key }) => folder.names.includes(key));
    for (const { key, layer } of described) {
      await this.#layer((await folder.find(key)) as Hdf5Object, key, layer, scope, depth + 1);
    }
    const left = folder.names.filter((key) => !described.some((known) => known.key === key));
    if (left.length > 0) {
      throw weightsError(
        folder.where,
        `the model's description does not have the layer ${JSON.stringify(left[0].slice(0, 100))}`,
      );
    }
  }

  async #layer(
    group: Hdf5Object,
    key: string,
    layer: KerasLayer | undefined,
    scope: readonly string[],
    depth: number,
  ): Promise<void> {
    const vars = await group.find(VARS);
    const stored = vars === undefined ? undefined : await (await vars.attributes()).text('name');
    const path = [...scope, layer?.name || stored || key];
    if (LAYER_GROUPS.some((name) => group.names.includes(name))) {
      return this.model(group, layer?.layers, path, depth);
    }
    this.#enter(group, depth);
    if (vars !== undefined) await this.#vars(vars, className(key), layer ?? UNDESCRIBED, path, depth);
    // Parts of a layer, such as the projections of an attention.
    for (const part of group.names) {
      if (part === VARS) continue;
      await this.#layer((await group.find(part)) as Hdf5Object, part, undefined, path, depth + 1);
    }
  }

  async #vars(
    vars: Hdf5Object,
    layerClass: string,
    layer: Pick<KerasLayer, 'scale' | 'center'>,
    path: readonly string[],
    depth: number,
  ): Promise<void> {
    this.#enter(vars, depth);
    const names = variableNames(layerClass, layer);
    for (const key of vars.names.sort(byNumber)) {
      const name = /^\d+$/.test(key) ? (names[Number(key)] ?? key) : key;
      await this.variables.add([...path, name].join('/'), (await vars.find(key)) as Hdf5Object);
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

function variableNames(
  layerClass: string,
  { scale, center }: Pick<KerasLayer, 'scale' | 'center'>,
): readonly string[] {
  const names = Object.hasOwn(VARIABLES, layerClass) ? VARIABLES[layerClass] : [];
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

/** The class of a layer by its group. */
function className(key: string): string {
  return key.replace(/_\d+$/, '');
}

/** Numbers at the end by their value: `conv2d_2` before `conv2d_10`. */
function byNumber(a: string, b: string): number {
  const [stemA, stemB] = [a, b].map((key) => key.replace(/\d+$/, ''));
  if (stemA !== stemB) return stemA < stemB ? -1 : 1;
  return Number(a.slice(stemA.length)) - Number(b.slice(stemB.length));
}
