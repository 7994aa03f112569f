/**
 * The layers of a Transformer as ONNX's operators: attention as products and a softmax.
 *
 * Sequences [batch, length, channels] are laid out as here, images [batch, channels, height, width]. The batch may have any
 * size: no shape names it.
 */
import type { AttentionLayer, LinearLayer, ReshapeLayer, TransformerLayer } from './layers.js';
import type { OnnxBuilder } from './onnx-builder.js';

type Kind = TransformerLayer['kind'];

const ADD: {
  readonly [K in Kind]: (builder: OnnxBuilder, layer: Extract<TransformerLayer, { kind: K }>) => void;
} = {
  weight: (builder, { weight }) => {
    builder.weight(weight);
  },
  attention: addAttention,
  reshape: addReshape,
  slice(builder, { name, inputs: [x], starts, shape }) {
    const axes = shape.flatMap((size, d) => (size === x.shape[d] ? [] : [d]));
    const weights = [
      builder.integers(
        `${name}_starts`,
        axes.map((d) => starts[d]),
      ),
      builder.integers(
        `${name}_ends`,
        axes.map((d) => starts[d] + shape[d]),
      ),
      builder.integers(`${name}_axes`, axes),
    ];
    builder.node(name, [x.name], { type: 'Slice', weights });
  },
  concat(builder, { name, inputs, axis }) {
    const parts = inputs.map((input) => input.name);
    builder.node(name, parts, { type: 'Concat', attributes: { axis } });
  },
  pad(builder, { name, inputs: [x], before, after, value }) {
    const weights = [
      builder.integers(`${name}_pads`, [...before, ...after]),
      builder.constant(`${name}_value`, value),
    ];
    builder.node(name, [x.name], { type: 'Pad', weights });
  },
  resize(builder, { name, inputs: [x], shape, alignCorners }) {
    const [batch, height, width, channels] = shape;
    const sizes = builder.integers(`${name}_sizes`, [batch, channels, height, width]);
    const attributes = {
      mode: { text: 'cubic' },
      cubic_coeff_a: { float: -0.75 },
      coordinate_transformation_mode: { text: alignCorners ? 'align_corners' : 'half_pixel' },
    };
    // The region of interest and the scales are left out.
    builder.node(name, [x.name, '', '', sizes], { type: 'Resize', attributes });
  },
};

export function isOfTransformers(layer: { readonly kind: string }): layer is TransformerLayer {
  return Object.hasOwn(ADD, layer.kind);
}

export function addTransformerLayer<K extends Kind>(
  builder: OnnxBuilder,
  layer: Extract<TransformerLayer, { kind: K }>,
): void {
  ADD[layer.kind as K](builder, layer);
}

/** A linear layer of more than one row a sample. The weight keeps PyTorch's layout, and is turned when it is read. */
export function addRows(builder: OnnxBuilder, { name, inputs: [x], weight, bias }: LinearLayer): void {
  const factor = `${name}_transposed`;
  transpose(builder, factor, builder.weight(weight, [1, 0]), [1, 0]);
  const product = bias === null ? name : `${name}_product`;
  builder.node(product, [x.name, factor], { type: 'MatMul' });
  if (bias !== null) builder.node(name, [product], { type: 'Add', weights: [builder.weight(bias)] });
}

function transpose(builder: OnnxBuilder, name: string, input: string, axes: readonly number[]): void {
  builder.node(name, [input], { type: 'Transpose', attributes: { perm: axes } });
}

/** softmax(scale Q K^T) V of each head. */
function addAttention(builder: OnnxBuilder, layer: AttentionLayer): void {
  const { name, inputs, heads, scale, shape } = layer;
  const split = builder.integers(`${name}_split`, [0, 0, heads, shape[2] / heads]);
  const joined = builder.integers(`${name}_joined`, [0, 0, shape[2]]);
  // [batch, heads, length, columns], and the keys turned.
  const orders = [
    [0, 2, 1, 3],
    [0, 2, 3, 1],
    [0, 2, 1, 3],
  ];
  const [q, k, v] = ['query', 'key', 'value'].map((part, i) => {
    const byHead = `${name}_${part}_split`;
    builder.node(byHead, [inputs[i].name], { type: 'Reshape', weights: [split] });
    transpose(builder, `${name}_${part}`, byHead, orders[i]);
    return `${name}_${part}`;
  });
  const step = (part: string) => `${name}_${part}`;
  builder.node(step('products'), [q, k], { type: 'MatMul' });
  const factor = builder.constant(step('scale'), scale);
  builder.node(step('scores'), [step('products')], { type: 'Mul', weights: [factor] });
  builder.node(step('probabilities'), [step('scores')], { type: 'Softmax', attributes: { axis: 3 } });
  builder.node(step('heads'), [step('probabilities'), v], { type: 'MatMul' });
  transpose(builder, step('beside'), step('heads'), [0, 2, 1, 3]);
  builder.node(name, [step('beside')], { type: 'Reshape', weights: [joined] });
}

/** Images have their channels first, and sequences last. */
function addReshape(builder: OnnxBuilder, { name, inputs: [x], shape }: ReshapeLayer): void {
  const [from, to] = [x.shape.length, shape.length];
  const turn = [0, 2, 1];
  if (from === 4) {
    // Channels first until the places are one axis.
    const places = `${name}_places`;
    const flat = builder.integers(`${name}_shape`, [0, 0, -1]);
    builder.node(places, [x.name], { type: 'Reshape', weights: [flat] });
    transpose(builder, name, places, turn);
  } else if (to === 4) {
    const turned = `${name}_turned`;
    const [, height, width] = shape;
    transpose(builder, turned, x.name, turn);
    const image = builder.integers(`${name}_shape`, [0, 0, height, width]);
    builder.node(name, [turned], { type: 'Reshape', weights: [image] });
  } else {
    const rows = builder.integers(`${name}_shape`, [-1, ...shape.slice(1)]);
    builder.node(name, [x.name], { type: 'Reshape', weights: [rows] });
  }
}
