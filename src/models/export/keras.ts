/**
 * A network as Keras describes one: a functional model of images [batch, height, width, 3] to probabilities [batch,
 * classes], as the JSON that Keras 2 wrote and that all later versions and TensorFlow.js read. And its weights, by
 * layer, in Keras's layouts, which are this engine's own.
 *
 * The last layers are the linear one, which gives the logits, and a softmax; or, of a model that gives values, one that
 * passes them on.
 */
import { AttuneError } from '../../errors.js';
import type { TensorToWrite } from '../../formats/to-write.js';
import { samePadding, type Padding } from '../../ops/conv2d/window.js';
import { kerasKernel, takesBlueFirst } from '../keras-naming.js';
import type { Activation } from './activation.js';
import type { Graph } from './graph.js';
import type { Conv2dLayer, Layer, MaxPool2dLayer, ScaleLayer, Weight } from './layers.js';

/** A layer with its variables, in Keras's order: trainable ones first. */
export interface KerasVariables {
  readonly layer: string;
  /** Named `kernel`, `bias`, `gamma`, ... */
  readonly variables: readonly TensorToWrite[];
}

export interface KerasModel {
  /** `model_config`: the class and what makes one of it. */
  readonly config: unknown;
  /** Every layer in order, also those without variables. */
  readonly layers: readonly KerasVariables[];
  /** The order of the input's channels: some of Keras's own networks take blue first. */
  readonly channels: 'RGB' | 'BGR';
}

/** A layer of the list: what it is called, what it is made of, and where its input comes from. */
interface KerasLayer extends KerasVariables, Described {
  readonly inputs: readonly string[];
  readonly variables: readonly TensorToWrite[];
}

/** A layer's class, the settings of its constructor, its variables, and the zeros that its input needs around it. */
interface Described {
  readonly type: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly variables?: readonly TensorToWrite[];
  readonly padding?: Padding;
}

/** Builds the model. Throws AttuneError 'program' for what Keras does not have. */
export function kerasModel({ layers }: Graph, name: string, activation: Activation = 'softmax'): KerasModel {
  const [images, logits] = [layers[0].name, layers.at(-1)!.name];
  const last = { type: 'Activation', settings: { activation } };
  const list = [...layers.flatMap(kerasLayers), kerasLayer(OUTPUT, [logits], last)];
  const config = {
    name,
    trainable: true,
    layers: list.map(({ layer, type, settings, inputs }) => ({
      class_name: type,
      config: { name: layer, trainable: true, dtype: 'float32', ...settings },
      name: layer,
      inbound_nodes: inputs.length === 0 ? [] : [inputs.map((input) => [input, 0, 0, {}])],
    })),
    input_layers: [[images, 0, 0]],
    output_layers: [[OUTPUT, 0, 0]],
  };
  const hasBlueFirst = layers.some((layer) => layer.kind === 'conv2d' && takesBlueFirst(layer.name));
  return {
    config: { class_name: 'Functional', config },
    layers: list,
    channels: hasBlueFirst ? 'BGR' : 'RGB',
  };
}

/** The variables of all layers by Keras's full names, `layer/variable`. */
export function kerasWeights({ layers }: KerasModel): TensorToWrite[] {
  return layers.flatMap(({ layer, variables }) =>
    variables.map((variable) => ({ ...variable, name: `${layer}/${variable.name}` })),
  );
}

const OUTPUT = 'probabilities';

/** One layer, or several one after another: where zeros come around its input first, or Keras has it only in parts. */
function kerasLayers(layer: Layer): KerasLayer[] {
  const inputs = layer.inputs.map((input) => input.name);
  if (layer.kind === 'hardSigmoid') return chain(layer.name, inputs, HARD_SIGMOID);
  if (layer.kind === 'hardSwish') {
    const gate = chain(`${layer.name}_gate`, inputs, HARD_SIGMOID);
    return [...gate, kerasLayer(layer.name, [...inputs, `${layer.name}_gate`], MULTIPLY)];
  }
  if (layer.kind === 'flatten') {
    const channelsFirst = { type: 'Permute', settings: { dims: [3, 1, 2] } };
    return chain(layer.name, inputs, [channelsFirst, { type: 'Flatten', settings: CHANNELS_LAST }]);
  }
  if (layer.kind === 'globalAveragePool' && layer.shape.length > 2) {
    const asMap = { type: 'Reshape', settings: { target_shape: layer.shape.slice(1) } };
    return chain(layer.name, inputs, [GLOBAL_AVERAGE, asMap]);
  }
  const described = describe(layer);
  const { padding } = described;
  if (padding === undefined || !hasPadding(padding)) return [kerasLayer(layer.name, inputs, described)];
  const { top, bottom, left, right } = padding;
  const sides = {
    padding: [
      [top, bottom],
      [left, right],
    ],
    ...CHANNELS_LAST,
  };
  const pad = kerasLayer(`${layer.name}_pad`, inputs, { type: 'ZeroPadding2D', settings: sides });
  return [pad, kerasLayer(layer.name, [pad.layer], described)];
}

/** Layers one after another, the last of which has the name. */
function chain(name: string, inputs: readonly string[], parts: readonly Described[]): KerasLayer[] {
  const nameOf = (part: number) => (part === parts.length - 1 ? name : `${name}_${part + 1}`);
  return parts.map((part, i) => kerasLayer(nameOf(i), i === 0 ? inputs : [nameOf(i - 1)], part));
}

function kerasLayer(layer: string, inputs: readonly string[], described: Described): KerasLayer {
  return { layer, inputs, variables: [], ...described };
}

function describe(layer: Exclude<Layer, { kind: 'hardSigmoid' | 'hardSwish' | 'flatten' }>): Described {
  switch (layer.kind) {
    case 'input':
      return { type: 'InputLayer', settings: { batch_input_shape: [null, ...layer.shape.slice(1)] } };
    case 'conv2d':
      return convolution(layer);
    case 'batchNorm': {
      const { gamma, beta, mean, variance, epsilon } = layer;
      const variables = [
        variable('gamma', gamma),
        variable('beta', beta),
        variable('moving_mean', mean),
        variable('moving_variance', variance),
      ];
      const settings = { axis: layer.shape.length - 1, epsilon };
      return { type: 'BatchNormalization', settings, variables };
    }
    case 'relu':
      return { type: 'ReLU', settings: { max_value: null } };
    case 'relu6':
      return { type: 'ReLU', settings: { max_value: 6 } };
    case 'add':
      return { type: 'Add', settings: {} };
    case 'maxPool2d':
      return pool(layer);
    case 'globalAveragePool':
      return GLOBAL_AVERAGE;
    case 'multiply':
      return MULTIPLY;
    case 'gelu':
    case 'sigmoid':
      return { type: 'Activation', settings: { activation: layer.kind } };
    case 'silu':
      return { type: 'Activation', settings: { activation: 'swish' } };
    case 'layerNorm': {
      const variables = [variable('gamma', layer.gamma), variable('beta', layer.beta)];
      const settings = { axis: layer.shape.length - 1, epsilon: layer.epsilon };
      return { type: 'LayerNormalization', settings, variables };
    }
    case 'scale':
      return scale(layer);
    case 'linear': {
      const { weight, bias } = layer;
      const settings = { units: weight.shape[1], activation: 'linear', use_bias: bias !== null };
      return { type: 'Dense', settings, variables: [variable('kernel', weight), ...optional(bias)] };
    }
    default:
      throw notInKeras('layers of a Transformer');
  }
}

function convolution(layer: Conv2dLayer): Described {
  const { name, weight, bias, stride, dilation, groups } = layer;
  const [height, width, , filters] = weight.shape;
  const isDepthwise = groups > 1 && groups === filters && weight.shape[2] === 1;
  if (groups > 1 && !isDepthwise) throw notInKeras('a convolution in groups of several channels');
  const isSame = keepsSize(layer);
  const common = {
    kernel_size: [height, width],
    strides: stride,
    padding: isSame ? 'same' : 'valid',
    ...CHANNELS_LAST,
    dilation_rate: dilation,
    activation: 'linear',
    use_bias: bias !== null,
  };
  const padding = isSame ? {} : { padding: layer.padding };
  if (isDepthwise) {
    // [height, width, channels, multiplier]: the same numbers in the same order.
    const kernel = { ...variable('depthwise_kernel', weight), shape: [height, width, filters, 1] };
    const settings = { ...common, depth_multiplier: 1 };
    return { type: 'DepthwiseConv2D', settings, variables: [kernel, ...optional(bias)], ...padding };
  }
  const values = kerasKernel(name, weight.values, weight.shape) as Float32Array;
  const variables = [variable('kernel', { ...weight, values }), ...optional(bias)];
  return { type: 'Conv2D', settings: { ...common, filters }, variables, ...padding };
}

/** A number for each channel is a convolution of each channel by itself, of 1 by 1. */
function scale({ weight }: ScaleLayer): Described {
  const channels = weight.shape[weight.shape.length - 1];
  const kernel = { ...variable('depthwise_kernel', weight), shape: [1, 1, channels, 1] };
  const settings = {
    ...{ kernel_size: [1, 1], strides: [1, 1], padding: 'valid', depth_multiplier: 1 },
    ...{ ...CHANNELS_LAST, activation: 'linear', use_bias: false },
  };
  return { type: 'DepthwiseConv2D', settings, variables: [kernel] };
}

function pool({ kernel, stride, padding, inputs: [input] }: MaxPool2dLayer): Described {
  // Keras pads with zeros, and places around an image never win here: no difference where nothing is negative.
  const isPositive = input.kind === 'relu' || input.kind === 'relu6';
  if (!isPositive && hasPadding(padding)) throw notInKeras('padded pooling of numbers below zero');
  const settings = { pool_size: kernel, strides: stride, padding: 'valid', ...CHANNELS_LAST };
  return { type: 'MaxPooling2D', settings, padding };
}

const CHANNELS_LAST = { data_format: 'channels_last' } as const;
const GLOBAL_AVERAGE: Described = { type: 'GlobalAveragePooling2D', settings: CHANNELS_LAST };
const MULTIPLY: Described = { type: 'Multiply', settings: {} };
/** x / 6 + 1 / 2 between 0 and 1: Keras 2 has another slope in the activation of this name. */
const HARD_SIGMOID: readonly Described[] = [
  { type: 'Rescaling', settings: { scale: 1 / 6, offset: 0.5 } },
  { type: 'ReLU', settings: { max_value: 1 } },
];

function variable(name: string, { shape, values }: Weight): TensorToWrite {
  return { name, dtype: 'F32', shape, data: values };
}

function optional(bias: Weight | null): TensorToWrite[] {
  return bias === null ? [] : [variable('bias', bias)];
}

/** Whether the padding is TensorFlow's 'same', for images of any size. */
function keepsSize({ weight, stride, padding, dilation }: Conv2dLayer): boolean {
  if (stride[0] !== 1 || stride[1] !== 1) return false;
  // At stride 1 it does not depend on the size.
  const [top, bottom] = samePadding(1, weight.shape[0], 1, dilation[0]);
  const [left, right] = samePadding(1, weight.shape[1], 1, dilation[1]);
  return padding.top === top && padding.bottom === bottom && padding.left === left && padding.right === right;
}

function hasPadding(padding: Padding): boolean {
  return Object.values(padding).some((zeros) => zeros > 0);
}

function notInKeras(what: string): AttuneError {
  return new AttuneError({
    code: 'program',
    what: `the network has ${what}, which Keras's layers do not do in the same way`,
    hint: 'convert it to .onnx, .pth or .safetensors',
  });
}
