/**
 * A network as an ONNX model: images [batch, 3, height, width] to logits and probabilities [batch, classes], or to values
 * [batch, columns]. Operator set 17. Weights keep PyTorch's names and layouts, so that the file also serves as a file of weights.
 *
 * Batch norms stay operators of their own: what runs ONNX files folds them into convolutions by itself.
 */
import type { OnnxModel, OnnxNode } from '../../formats/onnx/write.js';
import type { TensorToWrite } from '../../formats/to-write.js';
import { permuteShape, permuteValues } from '../../nn/permute.js';
import type { Padding } from '../../ops/conv2d/window.js';
import type { Activation } from './activation.js';
import type { Graph, InputLayer, Layer, Weight } from './graph.js';

const OPERATOR_SET = 17;

/** What a reader of the file needs to know beside the graph. */
export interface OnnxDescription {
  /** torchvision's name of the network. */
  readonly name: string;
  /** What the values of the input are. */
  readonly input: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** What makes answers of the outputs. Default: softmax. */
  readonly activation?: Activation;
}

/** What the outputs are called, and what the last of them is made by. */
const ENDS = {
  softmax: { outputs: ['logits', 'probabilities'], node: { type: 'Softmax', attributes: { axis: 1 } } },
  sigmoid: { outputs: ['logits', 'probabilities'], node: { type: 'Sigmoid' } },
  linear: { outputs: ['values'], node: null },
} as const satisfies Readonly<Record<Activation, unknown>>;

/** Builds the model. The bytes are formats/onnx/write.ts's. */
export function onnxModel(
  { layers }: Graph,
  { name, input, metadata, activation = 'softmax' }: OnnxDescription,
): OnnxModel {
  const builder = new Builder();
  for (const layer of layers) builder.add(layer);
  const [images, last] = [layers[0], layers.at(-1)!];
  const [, height, width, channels] = images.shape;
  const names = last.shape.at(-1)!;
  // The last layer's output is the graph's, by a name that says what it is.
  const { outputs, node } = ENDS[activation];
  builder.node(outputs[0], [last.name], { type: 'Identity' });
  if (node !== null) builder.node('probabilities', ['logits'], node);
  return {
    name,
    operatorSet: OPERATOR_SET,
    nodes: builder.nodes,
    inputs: [{ name: images.name, shape: ['batch', channels, height, width], description: input }],
    outputs: outputs.map((output) => ({ name: output, shape: ['batch', names] })),
    weights: [...builder.weights.values()],
    metadata,
  };
}

/** What an operator takes beside the outputs of other layers. */
interface Operator {
  readonly type: string;
  readonly weights?: readonly string[];
  readonly attributes?: OnnxNode['attributes'];
}

class Builder {
  readonly nodes: OnnxNode[] = [];
  readonly weights = new Map<string, TensorToWrite>();

  /** Appends an operator, whose output has its name. */
  node(name: string, inputs: readonly string[], { type, weights = [], attributes }: Operator): void {
    const operands = [...inputs, ...weights];
    this.nodes.push({ type, name, inputs: operands, outputs: [name], ...(attributes && { attributes }) });
  }

  add(layer: Layer): void {
    const inputs = layer.inputs.map((input) => input.name);
    if (layer.kind === 'input') return;
    const operator = this.#operator(layer);
    if (layer.kind === 'globalAveragePool') {
      // ONNX keeps the image's dimensions, with one place in each.
      const mean = `${layer.name}_mean`;
      this.node(mean, inputs, operator);
      this.node(layer.name, [mean], { type: 'Flatten', attributes: { axis: 1 } });
    } else this.node(layer.name, inputs, operator);
  }

  #operator(layer: Exclude<Layer, InputLayer>): Operator {
    switch (layer.kind) {
      case 'conv2d': {
        const { weight, bias, stride, padding, dilation, groups } = layer;
        const weights = [this.#weight(weight, [3, 2, 0, 1]), ...this.#optional(bias)];
        const window = { kernel_shape: weight.shape.slice(0, 2), strides: stride, pads: pads(padding) };
        return { type: 'Conv', weights, attributes: { ...window, dilations: dilation, group: groups } };
      }
      case 'batchNorm': {
        const { gamma, beta, mean, variance, epsilon } = layer;
        const weights = [gamma, beta, mean, variance].map((weight) => this.#weight(weight));
        return { type: 'BatchNormalization', weights, attributes: { epsilon: { float: epsilon } } };
      }
      case 'maxPool2d': {
        const { kernel, stride, padding } = layer;
        const attributes = { kernel_shape: kernel, strides: stride, pads: pads(padding) };
        return { type: 'MaxPool', attributes };
      }
      case 'relu6':
        return { type: 'Clip', weights: [this.#constant('zero', 0), this.#constant('six', 6)] };
      case 'linear': {
        const weights = [this.#weight(layer.weight, [1, 0]), ...this.#optional(layer.bias)];
        return { type: 'Gemm', weights, attributes: { transB: 1 } };
      }
      case 'relu':
        return { type: 'Relu' };
      case 'add':
        return { type: 'Add' };
      case 'globalAveragePool':
        return { type: 'GlobalAveragePool' };
    }
  }

  /** Stores a weight, with its dimensions in PyTorch's order; returns its name. */
  #weight({ name, shape, values }: Weight, axes: readonly number[] = [0]): string {
    this.weights.set(name, {
      name,
      dtype: 'F32',
      shape: permuteShape(shape, axes),
      data: () => permuteValues(values, shape, axes) as Float32Array,
    });
    return name;
  }

  #optional(bias: Weight | null): string[] {
    return bias === null ? [] : [this.#weight(bias)];
  }

  #constant(name: string, value: number): string {
    this.weights.set(name, { name, dtype: 'F32', shape: [], data: Float32Array.of(value) });
    return name;
  }
}

/** Before the image in both directions, then behind it. */
function pads({ top, left, bottom, right }: Padding): number[] {
  return [top, left, bottom, right];
}
