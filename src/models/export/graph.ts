/**
 * A network as a list of layers, from which the graph formats are written.
 *
 * Nothing is said twice: the layers are read from the tape of one forward pass, which is recorded and never run. So
 * whatever a model computes with the operations below can be exported, and anything else is refused by name.
 */
import { AttuneError } from '../../errors.js';
import type { Module, NamedArray } from '../../nn/module.js';
import { samePadding, type Padding, type Pair } from '../../ops/conv2d/window.js';
import { record } from '../../program/recording.js';
import type { Shape } from '../../tensor/shape.js';
import { Tensor, tensor } from '../../tensor/tensor.js';
import type { AttentionLayer, Layer, PlainKind, Weight } from './layers.js';

export type { Layer } from './layers.js';

export interface Graph {
  /** In the order of computation: the input first, the logits last. */
  readonly layers: readonly Layer[];
}

/**
 * The layers of a model that takes samples of this shape, of an image [height, width, channels], with its values now, wherever it is. Throws
 * AttuneError 'program' when the model computes something that has no layer here.
 */
export async function graphOf(model: Module, shape: readonly number[]): Promise<Graph> {
  const values = await model.readValues();
  const { result } = record(() => {
    const length = shape.reduce((product, size) => product * size, 1);
    const input = tensor(new Float32Array(length), [1, ...shape]);
    const weights = new Map<Tensor, NamedArray>();
    for (const named of model.namedArrays()) {
      const { array } = named;
      const { recording } = input;
      // What the model will find in place of memory of a device, as it need not be on one.
      const stand = () => new Tensor(recording, recording.input('float32', values.get(array)!), array.shape);
      weights.set(recording.once(array, stand), named);
    }
    const tracer = new Tracer(input, weights);
    tracer.trace(model.forward(input));
    return { layers: tracer.layers };
  });
  return result;
}

class Tracer {
  readonly layers: Layer[] = [];
  readonly #weights: ReadonlyMap<Tensor, NamedArray>;
  readonly #known = new Map<Tensor, Layer>();
  readonly #counts = new Map<string, number>();

  constructor(input: Tensor, weights: ReadonlyMap<Tensor, NamedArray>) {
    this.#weights = weights;
    this.#add(input, { kind: 'input', name: 'images', inputs: [], shape: input.shape });
  }

  /** The layer that computes a tensor, after those that it needs. */
  trace(output: Tensor): Layer {
    return this.#known.get(output) ?? this.#add(output, this.#weightLayer(output) ?? this.#layerOf(output));
  }

  #weightLayer(output: Tensor): Layer | null {
    const weight = this.#weightOf(output);
    return weight && { kind: 'weight', name: weight.name, inputs: [], shape: weight.shape, weight };
  }

  #add(output: Tensor, layer: Layer): Layer {
    this.layers.push(layer);
    this.#known.set(output, layer);
    return layer;
  }

  #layerOf({ node, shape }: Tensor): Layer {
    const { operation, attributes, inputs } = node ?? {};
    if (operation === undefined || inputs === undefined) throw notExportable('a constant');
    const weights = inputs.map((input) => this.#weightOf(input));
    switch (operation.name) {
      case 'conv2d':
      case 'matmul':
        return this.#product(inputs[0], operation.name, attributes, inputs[1], null, shape);
      case 'add':
        // The bias of a product is added to it by itself.
        if (weights[1] !== null) {
          const { node: product } = unreshaped(inputs[0]);
          if (product?.operation.name === 'conv2d' || product?.operation.name === 'matmul') {
            const [x, w] = product.inputs;
            return this.#product(x, product.operation.name, product.attributes, w, weights[1], shape);
          }
        }
        return this.#plain('add', inputs, shape);
      case 'batchNorm': {
        const [, gamma, beta, mean, variance] = weights;
        if (gamma === null || beta === null || mean === null || variance === null) break;
        const { epsilon } = attributes;
        const name = ownerOf(gamma);
        const from = [this.trace(inputs[0])];
        return { kind: 'batchNorm', name, inputs: from, shape, gamma, beta, mean, variance, epsilon };
      }
      case 'layerNorm': {
        const [, gamma = null, beta = null] = weights;
        if (gamma === null || beta === null || !isAlongChannels(gamma, shape)) break;
        const { epsilon } = attributes;
        const from = [this.trace(inputs[0])];
        return { kind: 'layerNorm', name: ownerOf(gamma), inputs: from, shape, gamma, beta, epsilon };
      }
      case 'multiply': {
        const [, weight] = weights;
        if (weight === null) return this.#plain('multiply', inputs, shape);
        if (!isAlongChannels(weight, shape)) break;
        const from = [this.trace(inputs[0])];
        return { kind: 'scale', name: this.#numbered('scale'), inputs: from, shape, weight };
      }
      case 'reshape':
        return this.#reshaped(inputs[0], shape);
      case 'maxPool2d': {
        const from = [this.trace(inputs[0])];
        return { kind: 'maxPool2d', name: this.#numbered('maxPool'), inputs: from, shape, ...attributes };
      }
      case 'attention':
        return this.#attention(inputs, attributes, shape);
      case 'slice':
        if (attributes.steps.some((step: number) => step !== 1) || shape[0] !== inputs[0].shape[0]) break;
        return { kind: 'slice', ...this.#computed('slice', inputs, shape), starts: attributes.starts };
      case 'concat':
        if (attributes.axis === 0) break;
        return { kind: 'concat', ...this.#computed('concat', inputs, shape), axis: attributes.axis };
      case 'pad':
        if (attributes.before[0] + attributes.after[0] > 0) break;
        return { kind: 'pad', ...this.#computed('pad', inputs, shape), ...attributes };
      case 'resize': {
        const layer = this.#computed('resize', inputs, shape);
        if (attributes.mode !== 'bicubic' || !layer.inputs.every(isConstant)) break;
        return { kind: 'resize', ...layer, alignCorners: attributes.alignCorners };
      }
      case 'gelu':
        if (attributes.approximate !== 'none') throw notExportable('gelu by tanh');
        return this.#plain('gelu', inputs, shape);
      case 'globalAveragePool':
      case 'hardSigmoid':
      case 'hardSwish':
      case 'relu':
      case 'relu6':
      case 'sigmoid':
      case 'silu':
        return this.#plain(operation.name, inputs, shape);
    }
    throw notExportable(operation.name);
  }

  /** Numbers in another shape: what a product of many rows is made of, means as a map of one place, or a map as a row. */
  #reshaped(input: Tensor, shape: Shape): Layer {
    const { operation, attributes, inputs = [] } = input.node ?? {};
    const [rows, ...rest] = shape;
    if (operation?.name === 'matmul' && rest.length > 1)
      return this.#product(inputs[0], 'matmul', attributes, inputs[1], null, shape);
    if (operation?.name === 'globalAveragePool' && rest[0] === 1 && rest[1] === 1)
      return this.#plain('globalAveragePool', inputs, shape);
    if (operation?.name === 'transpose' && String(attributes.permutation) === '0,3,1,2' && rest.length === 1)
      return this.#plain('flatten', inputs, [rows, rest[0]]);
    // A sequence of an image's pixels, an image of a sequence, and what is no image at all.
    const isImage = [input.shape, shape].filter(({ length }) => length > 3).length;
    const keepsChannels = input.shape.length + shape.length === 7 && input.shape.at(-1) === shape.at(-1);
    if (isImage === 0 || keepsChannels)
      return { kind: 'reshape', ...this.#computed('reshape', [input], shape) };
    throw notExportable('reshape');
  }

  #computed(kind: string, inputs: readonly Tensor[], shape: Shape) {
    return { inputs: inputs.map((input) => this.trace(input)), name: this.#numbered(kind), shape };
  }

  /** Attention whose heads come of the channels of sequences, and go back to them. */
  #attention(
    [query, key, value, , mask]: readonly Tensor[],
    { causal, scale }: { causal: boolean; scale: number },
    [batch, length, heads, columns]: Shape,
  ): AttentionLayer {
    const split = [query, key, value].map(unreshaped);
    if (split.some(({ shape }) => shape.length !== 3))
      throw notExportable('attention of heads that are not beside each other');
    if (mask !== undefined || causal) throw notExportable('attention with a mask');
    const layer = this.#computed('attention', split, [batch, length, heads * columns]);
    return { kind: 'attention', ...layer, heads, scale };
  }

  #product(
    input: Tensor,
    operation: 'conv2d' | 'matmul',
    // biome-ignore lint/suspicious/noExplicitAny: the tape keeps attributes of any operation.
    attributes: any,
    factor: Tensor,
    bias: Weight | null,
    shape: Shape,
  ): Layer {
    const weight = this.#weightOf(unreshaped(factor));
    if (weight === null) throw notExportable(`${operation} of two computed tensors`);
    const common = { name: ownerOf(weight), shape, weight, bias };
    if (operation === 'matmul') {
      if (attributes.transposeA || attributes.transposeB) throw notExportable('a transposed product');
      // A map's places are rows of one product.
      const from = shape.length > 2 ? unreshaped(input) : input;
      return { kind: 'linear', ...common, inputs: [this.trace(from)] };
    }
    const { stride, dilation, groups } = attributes;
    const padding = attributes.padding === 'same' ? same(input, factor, attributes) : attributes.padding;
    return { kind: 'conv2d', ...common, inputs: [this.trace(input)], stride, padding, dilation, groups };
  }

  #plain(kind: PlainKind, inputs: readonly Tensor[], shape: Shape): Layer {
    const from = inputs.map((input) => this.trace(input));
    return { kind, name: this.#numbered(kind), inputs: from, shape };
  }

  /** The array that a tensor reads, or null for one that is computed. */
  #weightOf(candidate: Tensor): Weight | null {
    const named = this.#weights.get(candidate);
    if (named === undefined || candidate.storage.kind !== 'input') return null;
    const values = candidate.storage.data;
    return {
      name: named.name,
      shape: candidate.shape,
      values: values instanceof Float32Array ? values : Float32Array.from(values),
    };
  }

  #numbered(kind: string): string {
    const number = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, number);
    return `${kind}_${number}`;
  }
}

/** What a tensor was before it got another shape. */
function unreshaped(tensor: Tensor): Tensor {
  const { operation, inputs } = tensor.node ?? {};
  return operation?.name === 'reshape' && inputs !== undefined ? unreshaped(inputs[0]) : tensor;
}

/** Whether a layer is made of the model's arrays alone. */
function isConstant({ kind, inputs }: Layer): boolean {
  return kind === 'weight' || (kind !== 'input' && inputs.every(isConstant));
}

/** Whether a weight has a number for each channel, and no other axis. */
function isAlongChannels(weight: Weight, shape: Shape): boolean {
  const [channels, ...others] = [...weight.shape].reverse();
  return channels === shape[shape.length - 1] && others.every((size) => size === 1);
}

function same(x: Tensor, w: Tensor, { stride, dilation }: { stride: Pair; dilation: Pair }): Padding {
  const [, height, width] = x.shape;
  const [top, bottom] = samePadding(height, w.shape[0], stride[0], dilation[0]);
  const [left, right] = samePadding(width, w.shape[1], stride[1], dilation[1]);
  return { top, bottom, left, right };
}

/** `layer1.0.conv1` of `layer1.0.conv1.weight`, `self_attention.in_proj` of `self_attention.in_proj_weight`. */
function ownerOf({ name }: Weight): string {
  return name.replace(/[._][^._]*$/, '');
}

function notExportable(what: string): AttuneError {
  return new AttuneError({
    code: 'program',
    what: `the network computes ${what}, which no graph format has here`,
    hint: 'convert it to .pth or .safetensors',
  });
}
