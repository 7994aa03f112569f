/**
 * A network as an ONNX model: images [batch, 3, height, width] to logits and probabilities [batch, classes], or to values
 * [batch, columns]. Operator set 17. Weights keep PyTorch's names and layouts, so that the file also serves as a file of weights.
 *
 * Batch norms stay operators of their own: what runs ONNX files folds them into convolutions by itself.
 */
import type { OnnxModel } from '../../formats/onnx/write.js';
import type { Activation } from './activation.js';
import type { Graph } from './graph.js';
import type { Layer, Padding, TransformerLayer } from './layers.js';
import { OnnxBuilder, type Operator } from './onnx-builder.js';
import { addRows, addTransformerLayer, isOfTransformers } from './onnx-transformer.js';

const OPERATOR_SET = 17;

/** What a reader of the file needs to know beside the graph. */
export interface OnnxDescription {
  /** torchvision's name of the network. */
  readonly name: string;
  /** What the values of the input are. */
  readonly input: string;
  /** What a program that reads the file calls the input and the first output. Default: as here. */
  readonly names?: { readonly input: string; readonly output: string };
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
  { name, input, names, metadata, activation = 'softmax' }: OnnxDescription,
): OnnxModel {
  const builder = new Builder();
  const [images, last] = [layers[0], layers.at(-1)!];
  const [, height, width, channels] = images.shape;
  const given = names?.input ?? images.name;
  if (given !== images.name) builder.node(images.name, [given], { type: 'Identity' });
  for (const layer of layers) builder.add(layer);
  const columns = last.shape.at(-1)!;
  // The last layer's output is the graph's, by a name that says what it is.
  const { outputs, node } = ENDS[activation];
  const [first, ...others] = [names?.output ?? outputs[0], ...outputs.slice(1)];
  builder.node(first, [last.name], { type: 'Identity' });
  if (node !== null) builder.node('probabilities', [first], node);
  return {
    name,
    operatorSet: OPERATOR_SET,
    nodes: builder.nodes,
    inputs: [{ name: given, shape: ['batch', channels, height, width], description: input }],
    outputs: [first, ...others].map((output) => ({ name: output, shape: ['batch', columns] })),
    weights: [...builder.weights.values()],
    metadata,
  };
}

/** Channel by channel, as images lie here. */
const FLATTEN: Operator = { type: 'Flatten', attributes: { axis: 1 } };

class Builder extends OnnxBuilder {
  add(layer: Layer): void {
    if (layer.kind === 'input') return;
    const { name } = layer;
    const inputs = layer.inputs.map((input) => input.name);
    const isMap = layer.shape.length === 4;
    if (isOfTransformers(layer)) addTransformerLayer(this, layer);
    else if (layer.kind === 'linear' && layer.shape.length === 3) addRows(this, layer);
    else if (layer.kind === 'gelu') this.#gelu(name, inputs);
    else if (layer.kind === 'silu') {
      this.node(`${name}_gate`, inputs, { type: 'Sigmoid' });
      this.node(name, [...inputs, `${name}_gate`], { type: 'Mul' });
    } else if (layer.kind === 'layerNorm' && isMap) {
      // The channels, which are second, have to be last for it.
      this.node(`${name}_turned`, inputs, { type: 'Transpose', attributes: { perm: [0, 2, 3, 1] } });
      this.node(`${name}_normal`, [`${name}_turned`], this.#operator(layer));
      this.node(name, [`${name}_normal`], { type: 'Transpose', attributes: { perm: [0, 3, 1, 2] } });
    } else if (layer.kind === 'linear' && isMap) {
      // At each place: a convolution of 1 by 1, of which the weight only lacks two dimensions.
      const weight = this.weight(layer.weight, [1, 0]);
      this.node(`${name}_window`, [weight, this.integers('places', [2, 3])], { type: 'Unsqueeze' });
      const weights = [`${name}_window`, ...this.optional(layer.bias)];
      this.node(name, inputs, { type: 'Conv', weights, attributes: { kernel_shape: [1, 1] } });
    } else if (layer.kind === 'globalAveragePool' && !isMap) {
      // ONNX keeps the image's dimensions, with one place in each.
      const mean = `${name}_mean`;
      this.node(mean, inputs, this.#operator(layer));
      this.node(name, [mean], FLATTEN);
    } else this.node(name, inputs, this.#operator(layer));
  }

  /** x (1 + erf(x / sqrt 2)) / 2: the operator itself is of later sets. */
  #gelu(name: string, inputs: readonly string[]): void {
    const step = (end: string, from: readonly string[], type: string, weights: readonly string[] = []) => {
      this.node(`${name}${end}`, from, { type, weights });
      return `${name}${end}`;
    };
    const scaled = step('_scaled', inputs, 'Mul', [this.constant('inverse_root_of_two', Math.SQRT1_2)]);
    const shifted = step('_shifted', [step('_erf', [scaled], 'Erf')], 'Add', [this.constant('one', 1)]);
    const share = step('_share', [shifted], 'Mul', [this.constant('half', 0.5)]);
    step('', [...inputs, share], 'Mul');
  }

  #operator(layer: Exclude<Layer, TransformerLayer | { kind: 'input' | 'gelu' | 'silu' }>): Operator {
    switch (layer.kind) {
      case 'conv2d': {
        const { weight, bias, stride, padding, dilation, groups } = layer;
        const weights = [this.weight(weight, [3, 2, 0, 1]), ...this.optional(bias)];
        const window = { kernel_shape: weight.shape.slice(0, 2), strides: stride, pads: pads(padding) };
        return { type: 'Conv', weights, attributes: { ...window, dilations: dilation, group: groups } };
      }
      case 'batchNorm': {
        const { gamma, beta, mean, variance, epsilon } = layer;
        const weights = [gamma, beta, mean, variance].map((weight) => this.weight(weight));
        return { type: 'BatchNormalization', weights, attributes: { epsilon: { float: epsilon } } };
      }
      case 'maxPool2d': {
        const { kernel, stride, padding } = layer;
        const attributes = { kernel_shape: kernel, strides: stride, pads: pads(padding) };
        return { type: 'MaxPool', attributes };
      }
      case 'relu6':
        return { type: 'Clip', weights: [this.constant('zero', 0), this.constant('six', 6)] };
      case 'linear': {
        const weights = [this.weight(layer.weight, [1, 0]), ...this.optional(layer.bias)];
        return { type: 'Gemm', weights, attributes: { transB: 1 } };
      }
      case 'layerNorm': {
        const { gamma, beta, epsilon } = layer;
        const weights = [gamma, beta].map((weight) => this.weight(weight));
        return {
          type: 'LayerNormalization',
          weights,
          attributes: { axis: layer.shape.length - 1, epsilon: { float: epsilon } },
        };
      }
      case 'scale': {
        // Before the places, as PyTorch keeps it.
        const { name, shape, values } = layer.weight;
        const channels = shape[shape.length - 1];
        return { type: 'Mul', weights: [this.weight({ name, shape: [channels, 1, 1], values }, [0, 1, 2])] };
      }
      case 'hardSigmoid':
        return { type: 'HardSigmoid', attributes: { alpha: { float: 1 / 6 }, beta: { float: 0.5 } } };
      case 'flatten':
        return FLATTEN;
      case 'add':
        return { type: 'Add' };
      case 'globalAveragePool':
        return { type: 'GlobalAveragePool' };
      case 'hardSwish':
        return { type: 'HardSwish' };
      case 'multiply':
        return { type: 'Mul' };
      case 'relu':
        return { type: 'Relu' };
      case 'sigmoid':
        return { type: 'Sigmoid' };
    }
  }
}

/** Before the image in both directions, then behind it. */
function pads({ top, left, bottom, right }: Padding): number[] {
  return [top, left, bottom, right];
}
