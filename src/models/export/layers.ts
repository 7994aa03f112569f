/** The layers of a network that is written as a graph; graph.ts finds them. */
import type { Padding, Pair } from '../../ops/conv2d/window.js';
import type { Shape } from '../../tensor/shape.js';

export type { Padding };

/** An array of the model, in this engine's layout: convolutions HWIO, linear weights [inputs, outputs]. */
export interface Weight {
  /** As in the state dict: `layer1.0.conv1.weight`. */
  readonly name: string;
  readonly shape: Shape;
  readonly values: Float32Array;
}

interface Named {
  /** The module's path, `layer1.0.conv1`; for what has no weights its kind and a number, `relu_3`. */
  readonly name: string;
  readonly inputs: readonly Layer[];
  /** [1, height, width, channels], [1, length, channels] or [1, features]. */
  readonly shape: Shape;
}

export interface Conv2dLayer extends Named {
  readonly kind: 'conv2d';
  readonly weight: Weight;
  readonly bias: Weight | null;
  readonly stride: Pair;
  readonly padding: Padding;
  readonly dilation: Pair;
  readonly groups: number;
}

export interface BatchNormLayer extends Named {
  readonly kind: 'batchNorm';
  readonly gamma: Weight;
  readonly beta: Weight;
  readonly mean: Weight;
  readonly variance: Weight;
  readonly epsilon: number;
}

/** A norm along the channels of a map, of a sequence, or of pooled features. */
export interface LayerNormLayer extends Named {
  readonly kind: 'layerNorm';
  readonly gamma: Weight;
  readonly beta: Weight;
  readonly epsilon: number;
}

/** Each channel times a number. */
export interface ScaleLayer extends Named {
  readonly kind: 'scale';
  readonly weight: Weight;
}

export interface MaxPool2dLayer extends Named {
  readonly kind: 'maxPool2d';
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
}

/** A linear layer over pooled features, or over a map or a sequence at each of its places. */
export interface LinearLayer extends Named {
  readonly kind: 'linear';
  readonly weight: Weight;
  readonly bias: Weight | null;
}

/** The images. */
export interface InputLayer extends Named {
  readonly kind: 'input';
}

/**
 * What needs no more than its inputs. A global average pool may keep the two dimensions of the image, with one place in each;
 * `flatten` puts a map's numbers in a row, channel by channel, as PyTorch does.
 */
export type PlainKind =
  | 'add'
  | 'flatten'
  | 'gelu'
  | 'globalAveragePool'
  | 'hardSigmoid'
  | 'hardSwish'
  | 'multiply'
  | 'relu'
  | 'relu6'
  | 'sigmoid'
  | 'silu';

export type PlainLayer = { readonly [K in PlainKind]: Named & { readonly kind: K } }[PlainKind];

/** An array of the model by itself, which is added to something or cut apart. */
export interface WeightLayer extends Named {
  readonly kind: 'weight';
  readonly weight: Weight;
}

/** Of queries, keys and values, [1, length, channels] each, whose heads stand beside each other in the channels. */
export interface AttentionLayer extends Named {
  readonly kind: 'attention';
  readonly heads: number;
  /** What the scores are multiplied with. */
  readonly scale: number;
}

/** The same elements in another shape: pixels one after another, or an image of them; the first size may grow with the batch. */
export interface ReshapeLayer extends Named {
  readonly kind: 'reshape';
}

/** A block of neighbours, whole along the first axis. */
export interface SliceLayer extends Named {
  readonly kind: 'slice';
  readonly starts: readonly number[];
}

/** One behind the other along an axis that is not the first. */
export interface ConcatLayer extends Named {
  readonly kind: 'concat';
  readonly axis: number;
}

/** A number around what is there, but not along the first axis. */
export interface PadLayer extends Named {
  readonly kind: 'pad';
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
}

/** An image of another size, by a cubic, made of the model's arrays alone. */
export interface ResizeLayer extends Named {
  readonly kind: 'resize';
  readonly alignCorners: boolean;
}

/** Layers of Transformers, which ONNX alone has. */
export type TransformerLayer =
  | WeightLayer
  | AttentionLayer
  | ReshapeLayer
  | SliceLayer
  | ConcatLayer
  | PadLayer
  | ResizeLayer;

export type Layer =
  | InputLayer
  | Conv2dLayer
  | BatchNormLayer
  | LayerNormLayer
  | ScaleLayer
  | MaxPool2dLayer
  | LinearLayer
  | PlainLayer
  | TransformerLayer;
