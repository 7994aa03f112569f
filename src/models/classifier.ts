/** What all image classifiers have in common: a trunk that makes features, and a linear head over classes. */
import { AttuneError } from '../errors.js';
import { Sequential } from '../nn/layers.js';
import { type Linear, linear } from '../nn/linear.js';
import { Module, type Training } from '../nn/module.js';
import type { NearestNeighbors } from '../nn/nearest-neighbors.js';
import { globalAveragePool } from '../ops/pool/pool.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';

/** Layers that belong together, such as those of a residual block. */
export interface LayerBlock {
  readonly name: string;
  readonly layers: readonly string[];
}

/** From pooled features to logits. Only a linear head is trained by gradients. */
export type Head = Linear | NearestNeighbors;

/** A network that gives logits over classes: what `finetune` trains. */
export abstract class ImageClassifier extends Module {
  /** As the registry and torchvision call it. */
  abstract readonly architecture: string;
  /** Name of the head in the state dict. */
  abstract readonly headName: string;
  /** The last layer. Set through `replaceHead`. */
  abstract head: Head;

  /**
   * Images x [batch, height, width, channels] to the features at the end of each stage: maps of the same rank, from
   * large and few channels to small and many. The last is what the head's features are the mean of.
   */
  abstract stageFeatures(x: TensorLike, training?: Training): Tensor[];

  /** Images x [batch, height, width, channels] to pooled features [batch, head.inputs]. */
  features(x: TensorLike, training?: Training): Tensor {
    return globalAveragePool(this.stageFeatures(x, training).at(-1) as Tensor);
  }

  /** Images x [batch, height, width, channels] to logits [batch, classes]. */
  override forward(x: TensorLike, training?: Training): Tensor {
    return this.head.forward(this.features(x, training));
  }

  /** See `layerNames` below. By default the parts, those of a sequence one by one. */
  layerNames(): string[] {
    return [...this.namedChildren()].flatMap(([name, child]) => {
      const blocks = child instanceof Sequential ? [...child.namedChildren()] : [];
      return blocks.length > 0 ? blocks.map(([block]) => `${name}.${block}`) : [name];
    });
  }

  /** The layers block by block, from the images to the head. By default each is a block. */
  layerBlocks(): readonly LayerBlock[] {
    return this.layerNames().map((name) => ({ name, layers: [name] }));
  }

  /**
   * The layers below the head in few groups, from the images up: the stem, then the stages of the network. By default
   * each sequence is a stage, and what comes before them is the stem. A group is named by its first part.
   */
  layerGroups(): readonly LayerBlock[] {
    const parts = [...this.namedChildren()].filter(([, child]) => child !== this.head);
    const stem = parts.filter(([, child]) => !(child instanceof Sequential)).map(([name]) => name);
    const stages = parts.filter(([, child]) => child instanceof Sequential).map(([name]) => name);
    return [{ name: stem[0], layers: stem }, ...stages.map((name) => ({ name, layers: [name] }))];
  }

  get classes(): number {
    return this.head.outputs;
  }
}

/** Groups of blocks one after another, the last blocks of which are `ends`; named by their first. */
export function joinBlocks(blocks: readonly LayerBlock[], ends: readonly number[]): LayerBlock[] {
  return ends.map((end, i) => {
    const members = blocks.slice(i === 0 ? 0 : ends[i - 1] + 1, end + 1);
    return { name: members[0].name, layers: members.flatMap(({ layers }) => layers) };
  });
}

/**
 * Puts a new head for `classes` classes onto a model, initialised from `seed`. A model that is on a device is
 * moved there again afterwards: `await model.to(device)`. Returns the head. Throws AttuneError 'usage' for fewer than one
 * class.
 */
export function replaceHead(model: ImageClassifier, classes: number, seed?: number): Linear {
  if (!Number.isInteger(classes) || classes < 1) {
    throw new AttuneError({
      code: 'usage',
      what: `a head cannot have ${classes} classes`,
      where: 'replaceHead',
    });
  }
  const head = linear(model.head.inputs, classes, seed === undefined ? {} : { seed });
  model.head = head;
  return head;
}

/** A model without its head, as Keras's `include_top=False`: images to the last map of features. */
class Trunk extends Module {
  private readonly model: ImageClassifier;

  constructor(model: ImageClassifier) {
    super();
    this.model = model;
  }

  override *members(): Iterable<readonly [string, unknown]> {
    const [head] = this.model.headName.split('.');
    for (const [name, member] of this.model.members()) if (name !== head) yield [name, member];
  }

  override forward(x: TensorLike, training?: Training): Tensor {
    return this.model.stageFeatures(x, training).at(-1) as Tensor;
  }
}

/**
 * A model without its head, to put layers of one's own on: images [batch, height, width, channels] to a map of features
 * [batch, height / 32, width / 32, head.inputs]. It shares its layers with `model`, which is not used by itself any more.
 */
export function trunkOf(model: ImageClassifier): Module {
  return new Trunk(model);
}

/**
 * The layers of a model from its images to its head, as `freeze` and `--train-from` take them: `conv1`, `bn1`,
 * `layer1.0`, `layer1.1`, ..., `fc`, or Keras's. A layer's place in the list is its index.
 */
export function layerNames(model: ImageClassifier): string[] {
  return model.layerNames();
}

/**
 * The layer that `freeze(model, until)` takes, for one by name or by index. Keras lists layers without parameters, too:
 * one of them stands for the next that has some, so that `base.layers[:100]` and 100 freeze the same. A name that is not
 * in the list is given back: it may be that of a part of a layer. Throws AttuneError 'usage' for an index beyond the list.
 */
export function startLayer(model: ImageClassifier, nameOrIndex: string | number): string {
  const names = model.layerNames();
  const isIndex = /^\d+$/.test(String(nameOrIndex));
  const start = isIndex ? Number(nameOrIndex) : names.indexOf(String(nameOrIndex));
  if (start >= names.length) {
    throw new AttuneError({
      code: 'usage',
      what: `the model has layers 0 to ${names.length - 1}`,
      where: `layer ${nameOrIndex}`,
      hint: 'attune inspect --layers lists them',
    });
  }
  const parameters = Array.from(model.namedParameters(), ([name]) => name);
  const hasParameters = (layer: string) => parameters.some((name) => name.startsWith(`${layer}.`));
  return start < 0 ? String(nameOrIndex) : (names.slice(start).find(hasParameters) as string);
}
