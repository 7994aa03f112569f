/**
 * Names for the weights of a graph that has lost them: exporters to ONNX fold batch norms into convolutions and number
 * the results (`onnx::Conv_497`). The order of the convolutions, their shapes, strides and pads then tell which network
 * of attune's the graph is, and so which convolution is which.
 *
 * Supported are the networks of the registry in torchvision's graphs that have convolutions, batch norms and linear layers
 * alone, with their batch norms or with these folded, and with their linear layers as Gemm nodes; other linear layers keep their
 * names, as the head of another network. A folded batch norm becomes one that only adds the convolution's bias: mean 0, variance
 * 1 and scale 1 give the same outputs. Training that uses the batch's statistics departs from those, as from any that are not
 * the data's.
 */
import type { GraphLayer } from '../formats/tensors.js';
import { BatchNorm2d } from '../nn/batch-norm.js';
import { Conv2d, type Conv2dLayerOptions } from '../nn/conv2d.js';
import { Linear } from '../nn/linear.js';
import { permuteShape, permuteValues } from '../nn/permute.js';
import type { WeightsEntry } from '../nn/state-dict.js';
import { paddingOf, pairOf } from '../ops/conv2d/window.js';
import type { Network } from './network.js';
import { MODEL_NAMES } from './names.js';
import { findModel } from './registry.js';

/** A convolution of one of attune's networks, and the batch norm behind it; null: it has a bias of its own. */
interface ConvAndNorm {
  readonly conv: string;
  readonly norm: { readonly name: string; readonly epsilon: number } | null;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly number[];
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
    if (!isNamedByOrder(model)) continue;
    const found = orders(convsOf(model)).find((order) => isSame(order, convs, byName));
    if (found === undefined) continue;
    return [
      ...found.flatMap((mine, i) => entriesOf(mine, convs[i], byName)),
      ...linearEntries(linear, linearsOf(model), byName),
    ];
  }
  return null;
}

/** Whether the order of a graph's convolutions and linear layers tells every array of a network. */
function isNamedByOrder(model: Network): boolean {
  return [...model.namedArrays()].every(
    ({ owner }) => owner instanceof Conv2d || owner instanceof BatchNorm2d || owner instanceof Linear,
  );
}

/** The names of a network's linear layers, with how many features they take; how many the last gives depends on the task. */
function linearsOf(model: Network): { readonly name: string; readonly inputs: number }[] {
  return Array.from(model.namedArrays()).flatMap(({ name, owner, field }) =>
    owner instanceof Linear && field === 'weight'
      ? [{ name: name.slice(0, -field.length - 1), inputs: owner.inputs }]
      : [],
  );
}

/** The linear layers: as many as the network has, with biases, are its own, whatever their names. */
function linearEntries(
  linear: readonly GraphLayer[],
  mine: ReturnType<typeof linearsOf>,
  byName: ReadonlyMap<string, WeightsEntry>,
): WeightsEntry[] {
  const isOwn =
    linear.length === mine.length &&
    linear.every(({ tensors, transposed: isTransposed }, i) => {
      const inputs = byName.get(tensors[0])?.shape[isTransposed ? 0 : 1];
      return tensors.length === 2 && inputs === mine[i].inputs;
    });
  return linear.flatMap(({ tensors, transposed: isTransposed }, at) =>
    tensors.map((name, i) => {
      const tensor = byName.get(name) as WeightsEntry;
      const turned = i === 0 && isTransposed ? transposed(tensor) : tensor;
      return renamed(turned, isOwn ? `${mine[at].name}.${i === 0 ? 'weight' : 'bias'}` : name);
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
  const add = (norm: ConvAndNorm['norm']) => {
    if (conv === undefined) return;
    const { weight, options } = conv.module;
    found.push({
      conv: conv.name,
      norm,
      shape: permuteShape(weight.shape, [3, 2, 0, 1]),
      strides: pairOf(options.stride ?? 1),
      pads: padsOf(options.padding ?? 0),
    });
    conv = undefined;
  };
  for (const { name, owner, field } of model.namedArrays()) {
    const layer = name.slice(0, -field.length - 1);
    if (owner instanceof Conv2d && field === 'weight') {
      conv = { name: layer, module: owner };
      if (owner.bias !== null) add(null);
    } else if (owner instanceof BatchNorm2d && field === 'weight')
      add({ name: layer, epsilon: owner.epsilon });
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
    order.every(({ norm: mine, shape, strides, pads }, i) => {
      const { layer, norm } = convs[i];
      return (
        (mine !== null || norm === undefined) &&
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
  { conv, norm }: ConvAndNorm,
  graph: GraphConv,
  byName: ReadonlyMap<string, WeightsEntry>,
): WeightsEntry[] {
  const [weight, bias] = graph.layer.tensors.map((name) => byName.get(name) as WeightsEntry);
  if (norm === null) return [renamed(weight, `${conv}.weight`), renamed(bias, `${conv}.bias`)];
  const named = (field: string) => `${norm.name}.${field}`;
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
    filled(named('running_var'), channels, 1 - norm.epsilon),
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
