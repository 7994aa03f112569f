/**
 * Names for the weights of a graph that has lost them: exporters to ONNX fold batch norms into convolutions and number
 * the results (`onnx::Conv_497`). The order of the convolutions, their shapes, strides and pads then tell which network
 * of attune's the graph is, and so which convolution is which.
 *
 * Supported are the networks of the registry in torchvision's graphs, with their batch norms or with these folded, and a
 * linear head that is one Gemm node; other linear layers keep their names, as the head of another network. A folded batch norm becomes one that only adds the convolution's bias: mean 0, variance 1 and scale 1 give
 * the same outputs. Training that uses the batch's statistics departs from those, as from any that are not the data's.
 */
import type { GraphLayer } from '../formats/tensors.js';
import { BatchNorm2d } from '../nn/batch-norm.js';
import { Conv2d, type Conv2dLayerOptions } from '../nn/conv2d.js';
import { permuteShape, permuteValues } from '../nn/permute.js';
import type { WeightsEntry } from '../nn/state-dict.js';
import { paddingOf, pairOf } from '../ops/conv2d/window.js';
import type { Network } from './network.js';
import { MODEL_NAMES } from './names.js';
import { findModel } from './registry.js';

/** A convolution of one of attune's networks, and the batch norm behind it. */
interface ConvAndNorm {
  readonly conv: string;
  readonly norm: string;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly epsilon: number;
}

/** The same of a graph, by its tensors. */
interface GraphConv {
  readonly layer: GraphLayer;
  readonly norm: GraphLayer | undefined;
}

/**
 * The tensors of a graph by the names of the network that it is, in PyTorch's layout; null when it is none of attune's.
 * @param layers in the order of the graph
 */
export function fromGraph(
  layers: readonly GraphLayer[],
  tensors: readonly WeightsEntry[],
): WeightsEntry[] | null {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const convs = convolutions(layers);
  if (convs === null) return null;
  const linear = layers.filter(({ kind }) => kind === 'linear');
  for (const name of MODEL_NAMES) {
    const { graphOf, create } = findModel(name);
    // Keras's graphs have padding that follows from the image, or biases before batch norms.
    if (graphOf !== undefined) continue;
    const model = create();
    const found = orders(convsOf(model)).find((order) => isSame(order, convs, byName));
    if (found === undefined) continue;
    return [
      ...found.flatMap((mine, i) => entriesOf(mine, convs[i], byName)),
      ...headEntries(linear, model.headName, byName),
    ];
  }
  return null;
}

/** The linear layers: one with a bias is the network's head, whatever its name. */
function headEntries(
  linear: readonly GraphLayer[],
  headName: string,
  byName: ReadonlyMap<string, WeightsEntry>,
): WeightsEntry[] {
  const isHead = linear.length === 1 && linear[0].tensors.length === 2;
  return linear.flatMap(({ tensors, transposed: isTransposed }) =>
    tensors.map((name, i) => {
      const tensor = byName.get(name) as WeightsEntry;
      const turned = i === 0 && isTransposed ? transposed(tensor) : tensor;
      return renamed(turned, isHead ? `${headName}.${i === 0 ? 'weight' : 'bias'}` : name);
    }),
  );
}

/** Convolutions with the batch norm that follows; null if a batch norm follows something else. */
function convolutions(layers: readonly GraphLayer[]): GraphConv[] | null {
  const found: GraphConv[] = [];
  for (const [i, layer] of layers.entries()) {
    const next = layers[i + 1];
    if (layer.kind === 'conv') found.push({ layer, norm: next?.kind === 'batch-norm' ? next : undefined });
    else if (layer.kind === 'batch-norm' && layers[i - 1]?.kind !== 'conv') return null;
  }
  return found;
}

/** A network's convolutions in the order of its fields, which is that of its forward pass. */
function convsOf(model: Network): ConvAndNorm[] {
  const found: ConvAndNorm[] = [];
  let conv: { name: string; module: Conv2d } | undefined;
  for (const { name, owner, field } of model.namedArrays()) {
    const layer = name.slice(0, -field.length - 1);
    if (owner instanceof Conv2d && field === 'weight') conv = { name: layer, module: owner };
    if (conv === undefined || !(owner instanceof BatchNorm2d) || field !== 'weight') continue;
    const { weight, options } = conv.module;
    found.push({
      conv: conv.name,
      norm: layer,
      shape: permuteShape(weight.shape, [3, 2, 0, 1]),
      strides: pairOf(options.stride ?? 1),
      pads: padsOf(options.padding ?? 0),
      epsilon: owner.epsilon,
    });
    conv = undefined;
  }
  return found;
}

/** As ONNX writes them: before each dimension, then behind each. None where they follow from the image's size. */
function padsOf(padding: NonNullable<Conv2dLayerOptions['padding']>): number[] {
  if (padding === 'same') return [];
  const { top, left, bottom, right } = paddingOf(padding);
  return [top, left, bottom, right];
}

/** The orders in which exporters write a block: its main path first, or its shortcut. */
function orders(convs: readonly ConvAndNorm[]): ConvAndNorm[][] {
  const isShortcut = ({ conv }: ConvAndNorm) => conv.endsWith('.downsample.0');
  const blockOf = ({ conv }: ConvAndNorm) => conv.slice(0, conv.lastIndexOf('.'));
  const shortcutFirst = [...convs];
  for (const shortcut of convs.filter(isShortcut)) {
    const block = shortcut.conv.replace(/\.downsample\.0$/, '');
    shortcutFirst.splice(shortcutFirst.indexOf(shortcut), 1);
    shortcutFirst.splice(
      shortcutFirst.findIndex((conv) => blockOf(conv) === block),
      0,
      shortcut,
    );
  }
  return [[...convs], shortcutFirst];
}

function isSame(
  order: readonly ConvAndNorm[],
  convs: readonly GraphConv[],
  byName: ReadonlyMap<string, WeightsEntry>,
): boolean {
  return (
    order.length === convs.length &&
    order.every(({ shape, strides, pads }, i) => {
      const { layer, norm } = convs[i];
      return (
        // A convolution has a bias or a batch norm behind it; a bias before a batch norm has no place in a model.
        (norm === undefined) === (layer.tensors.length === 2) &&
        String(byName.get(layer.tensors[0])?.shape) === String(shape) &&
        String(layer.strides) === String(strides) &&
        String(layer.pads) === String(pads)
      );
    })
  );
}

const NORM_ARRAYS = ['weight', 'bias', 'running_mean', 'running_var'];

function entriesOf(
  { conv, norm, epsilon }: ConvAndNorm,
  graph: GraphConv,
  byName: ReadonlyMap<string, WeightsEntry>,
): WeightsEntry[] {
  const [weight, bias] = graph.layer.tensors.map((name) => byName.get(name) as WeightsEntry);
  const named = (field: string) => `${norm}.${field}`;
  if (graph.norm !== undefined) {
    const { tensors } = graph.norm;
    const stored = tensors.map((name, i) => renamed(byName.get(name) as WeightsEntry, named(NORM_ARRAYS[i])));
    return [renamed(weight, `${conv}.weight`), ...stored];
  }
  const [channels] = weight.shape;
  return [
    renamed(weight, `${conv}.weight`),
    filled(named('weight'), channels, 1),
    renamed(bias, named('bias')),
    filled(named('running_mean'), channels, 0),
    // So that variance and epsilon together are 1.
    filled(named('running_var'), channels, 1 - epsilon),
  ];
}

function renamed(tensor: WeightsEntry, name: string): WeightsEntry {
  const { dtype, shape, epsilon } = tensor;
  return { name, dtype, shape, epsilon, read: (precision) => tensor.read(precision) };
}

function transposed(tensor: WeightsEntry): WeightsEntry {
  const { name, dtype, shape } = tensor;
  const axes = [1, 0];
  return {
    name,
    dtype,
    shape: permuteShape(shape, axes),
    read: async (precision) => permuteValues(await tensor.read(precision), shape, axes),
  };
}

function filled(name: string, length: number, value: number): WeightsEntry {
  return { name, dtype: 'F64', shape: [length], read: async () => new Float64Array(length).fill(value) };
}
