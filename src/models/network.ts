/**
 * What training needs of a network, whatever its input is: a trunk of stages, a head over the features at their end, and
 * layers by name.
 */
import { AttuneError } from '../errors.js';
import {
  type Linear,
  Module,
  type NearestNeighbors,
  type NetworkInput,
  oneTensor,
  Sequential,
  type Training,
} from '../nn/index.js';
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';

/** Layers that belong together, such as those of a residual block. */
export interface LayerBlock {
  readonly name: string;
  readonly layers: readonly string[];
}

/** From pooled features to logits. Only a linear head is trained by gradients. */
export type Head = Linear | NearestNeighbors;

/**
 * The shapes that features have: a map [batch, height, width, channels], a sequence [batch, length, channels], or pooled
 * [batch, channels].
 */
export type FeatureShape = 'map' | 'sequence' | 'pooled';

/** Some layers of the trunk, one after another. */
export interface FeatureStage {
  /** The layer whose output the stage's features are. */
  readonly name: string;
  /** How many steps of the input, such as pixels, there are to one of the features, along each axis. */
  readonly stride: number;
  readonly channels: number;
  /** From the features of the stage before, or the network's input, to its own. */
  forward(x: TensorLike, training?: Training): Tensor;
}

/** Numbers that a network computes with and that may differ from network to network of a kind; none of its arrays tells them. */
export interface NetworkConstants {
  /** What its norms add to a variance. */
  readonly epsilon?: number;
}

/** A pass that writes out what attends to what. */
export interface AttentionPass {
  /** Those of the last stage, tokens [batch, length, channels]. */
  readonly features: Tensor;
  /** Of each block, from the first: [batch, heads, length, length]. The features have a gradient with respect to them. */
  readonly probabilities: readonly Tensor[];
  /** The last rows x columns tokens are patches of the image, rows from the top; those before them, of the class first, are not. */
  readonly rows: number;
  readonly columns: number;
}

/** How a network answers whose class token attends to patches of an image. */
export interface ClassAttention {
  /** Images [batch, height, width, 3] in a pass that evaluates; equal to the ordinary one but for rounding. */
  forward(images: TensorLike): AttentionPass;
}

/** Which features are asked for; `random` and `momentum` are those of a forward pass that trains. */
export interface FeatureOptions extends Partial<Training> {
  /** The stage at whose end they are taken: a name of `stages`. Default: the last. Later stages are not computed. */
  readonly stage?: string;
  /** The shape that the network's stages give, or 'pooled', the default. */
  readonly as?: FeatureShape;
}

const FEATURE_NAMES: OptionNames<FeatureOptions> = { stage: true, as: true, random: true, momentum: true };

/** A trunk that makes features, and a head over them. */
export abstract class Network extends Module {
  /** As the registry and torchvision call it. */
  abstract readonly architecture: string;
  /** Name of the head in the state dict. */
  abstract readonly headName: string;
  /** The last layer. Set through `replaceHead`. */
  abstract head: Head;
  /** The features that heads on it can answer by. A family with others than pooled ones has a `forward` of its own. */
  abstract readonly heads: readonly FeatureShape[];
  /** The shape of the features that its stages give. */
  abstract readonly featureShape: FeatureShape;
  /** The stages of the trunk, from the input up. What the head takes is made of the features of the last. */
  abstract readonly stages: readonly FeatureStage[];

  /** Those that a file of it has to say. Default: none. */
  get constants(): NetworkConstants {
    return {};
  }

  /** What its class token attends to; null, the default, for a network without one. */
  get classAttention(): ClassAttention | null {
    return null;
  }

  /** Features of a stage to pooled ones [batch, channels]. */
  abstract pool(features: Tensor): Tensor;

  /**
   * Features of the last stage to what the head takes [batch, head.inputs]. By default they are only pooled; a network that
   * has layers between them and its head computes these.
   */
  headInput(features: Tensor, _training?: Training): Tensor {
    return this.pool(features);
  }

  /** The network's input to the features at the end of each stage, in the order of `stages`. */
  stageFeatures(x: NetworkInput, training?: Training): Tensor[] {
    return this.#featuresUntil(this.stages.length, x, training);
  }

  /**
   * The network's input to features at the end of a stage: `features(x)` is what the head takes;
   * `features(x, { stage: 'layer3', as: 'map' })` is what a ResNet's third layer gives. Throws AttuneError 'usage' for a
   * stage that the network does not have, and for a shape that its stages do not give.
   */
  features(x: NetworkInput, options: FeatureOptions = {}): Tensor {
    refuseUnknownOptions(options, FEATURE_NAMES, 'features');
    const { stage, as = 'pooled', ...training } = options;
    const { stages, featureShape } = this;
    if (as !== 'pooled' && as !== featureShape)
      throw this.#noFeatures(`as ${as}`, `ask for them as ${featureShape} or as pooled`);
    const last = stage === undefined ? stages.length - 1 : stages.findIndex(({ name }) => name === stage);
    if (last < 0)
      throw this.#noFeatures(`at ${stage}`, `its stages are ${stages.map(({ name }) => name).join(', ')}`);
    const trains = Object.values(training).some((value) => value !== undefined);
    const how = trains ? (training as Training) : undefined;
    const found = this.#featuresUntil(last + 1, x, how)[last];
    if (as !== 'pooled') return found;
    return stage === undefined ? this.headInput(found, how) : this.pool(found);
  }

  /** The features at the end of each of the first `count` stages. */
  #featuresUntil(count: number, x: NetworkInput, training: Training | undefined): Tensor[] {
    const found: Tensor[] = [];
    const first = oneTensor(x, this.architecture);
    for (const stage of this.stages.slice(0, count))
      found.push(stage.forward(found.at(-1) ?? first, training));
    return found;
  }

  #noFeatures(asked: string, hint: string): AttuneError {
    return new AttuneError({
      code: 'usage',
      what: `${this.architecture} has no features ${asked}`,
      where: 'features',
      hint,
    });
  }

  /** The network's input to what the head answers [batch, outputs]. */
  override forward(x: NetworkInput, training?: Training): Tensor {
    return this.head.forward(this.features(x, training));
  }

  /** Outputs of the head. */
  get classes(): number {
    return this.head.outputs;
  }

  /** See `layerNames` below. By default the children, those of a sequence one by one. */
  layerNames(): string[] {
    return [...this.namedChildren()].flatMap(([name, child]) => {
      const blocks = child instanceof Sequential ? [...child.namedChildren()] : [];
      return blocks.length > 0 ? blocks.map(([block]) => `${name}.${block}`) : [name];
    });
  }

  /** The layers block by block, from the input to the head. By default each is a block. */
  layerBlocks(): readonly LayerBlock[] {
    return this.layerNames().map((name) => ({ name, layers: [name] }));
  }

  /**
   * The layers below the head in few groups, from the input up: the stem, then the stages of the network. By default
   * each sequence is a stage, and what comes before them is the stem. A group is named by its first layer.
   */
  layerGroups(): readonly LayerBlock[] {
    const children = [...this.namedChildren()].filter(([, child]) => child !== this.head);
    const stem = children.filter(([, child]) => !(child instanceof Sequential)).map(([name]) => name);
    const stages = children.filter(([, child]) => child instanceof Sequential).map(([name]) => name);
    return [{ name: stem[0], layers: stem }, ...stages.map((name) => ({ name, layers: [name] }))];
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
 * The layers of a model from its input to its head, as `freeze` and `--train-from` take them: `conv1`, `bn1`,
 * `layer1.0`, `layer1.1`, ..., `fc`, or Keras's. A layer's place in the list is its index.
 */
export function layerNames(model: Network): string[] {
  return model.layerNames();
}

/** Whether a parameter is one of a layer, or all that the layer is. */
export function isIn(layer: string, parameter: string): boolean {
  return parameter === layer || parameter.startsWith(`${layer}.`);
}

/**
 * The layer that `freeze(model, until)` takes, for one by name or by index. Keras lists layers without parameters, too:
 * one of them stands for the next that has some, so that `base.layers[:100]` and 100 freeze the same. A name that is not
 * in the list is given back: it may be that of a module within a layer. Throws AttuneError 'usage' for an index beyond the
 * list.
 */
export function startLayer(model: Network, nameOrIndex: string | number): string {
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
  const hasParameters = (layer: string) => parameters.some((name) => isIn(layer, name));
  return start < 0 ? String(nameOrIndex) : (names.slice(start).find(hasParameters) as string);
}
