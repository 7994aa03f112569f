/**
 * Keras's names and layout of weights: `Conv1/kernel` is the kernel [height, width, inputs, outputs] of layer `Conv1`.
 * Layers of Keras's graphs have the same names here, so a naming is needed for variables only.
 */
import { maxOf } from '../extremes.js';
import type { Precision } from '../device/dtype.js';
import { permuteShape, permuteValues } from '../nn/permute.js';
import type { WeightsEntry } from '../nn/state-dict.js';
import { FAMILIES } from './families.js';
import { layersByClass } from './keras-numbering.js';

type Floats = Awaited<ReturnType<WeightsEntry['read']>>;

/** Keras's names of variables, and PyTorch's. */
const VARIABLES: Readonly<Record<string, string>> = {
  kernel: 'weight',
  depthwise_kernel: 'weight',
  bias: 'bias',
  gamma: 'weight',
  beta: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
};

/** The head of Keras's networks, and of our models of them. */
const HEAD = 'predictions';
const BLUE_FIRST = FAMILIES.flatMap(({ blueFirst = [] }) => blueFirst);

/** Where files name layers by paths as PyTorch does. */
const PATHS = FAMILIES.flatMap(({ namings = [] }) => namings.flatMap(({ inKeras = [] }) => inKeras));

/**
 * The tensors of a Keras file by the model's names, in PyTorch's layout. Scopes before the layer (`model/Conv1/kernel`)
 * and TensorFlow's output number (`kernel:0`) are left out. A dense layer that is the only one is the head, whatever its
 * name: Keras's users call theirs `dense`. In a `tf_model.h5` of Hugging Face the layers are told apart by their paths
 * alone, which are those of their PyTorch models (naming.ts).
 */
export function fromKeras(tensors: readonly WeightsEntry[]): WeightsEntry[] {
  const split = tensors.map((tensor) => {
    const path = tensor.name.replace(/:0$/, '').split('/');
    const start = startOfPath(path);
    const [layer, variable = ''] =
      start < 0 ? path.slice(-2) : [path.slice(start, -1).join('.'), path.at(-1)];
    return { tensor, layer, variable };
  });
  const names = layersByClass(new Set(split.map(({ layer }) => layer)));
  const parsed = split.map((named) => ({ ...named, layer: names.get(named.layer) ?? named.layer }));
  // What attune wrote for a network of torchvision's has the paths of PyTorch's modules as names.
  const isTorch = parsed.some(({ layer }) => layer.includes('.'));
  const dense = parsed.filter(({ tensor, variable }) => variable === 'kernel' && tensor.shape.length === 2);
  const head = dense.length === 1 && !isTorch ? dense[0].layer : HEAD;
  return parsed.map(({ tensor, layer, variable }) => {
    if (!Object.hasOwn(VARIABLES, variable)) return tensor;
    const axes = torchAxes(layer, variable, tensor.shape.length);
    const permuted = permuteShape(tensor.shape, axes);
    const owned = {
      shape: tensor.shape,
      axes,
      read: async (precision?: Precision) => {
        const values = await tensor.read(precision);
        return variable === 'kernel' ? kerasKernel(layer, values, tensor.shape) : values;
      },
    };
    const isDepth = isDepthwise(layer, variable) && permuted.length === 4;
    return {
      name: `${layer === head ? HEAD : layer}.${VARIABLES[variable]}`,
      dtype: tensor.dtype,
      epsilon: tensor.epsilon,
      shape: isDepth ? depthwiseShape(permuted) : permuted,
      read: async (precision) => permuteValues(await owned.read(precision), tensor.shape, axes),
      // Two dimensions of a depthwise kernel become one.
      owned: isDepth ? undefined : owned,
    };
  });
}

/** Where the names of a path that PyTorch's model has begin; -1 for any other path. */
function startOfPath(path: readonly string[]): number {
  const starts = PATHS.map(({ scope, parts: children }) =>
    path.findLastIndex((name, i) => name === scope && children.includes(path[i + 1])),
  );
  return maxOf(starts, -1);
}

/** Whether the convolution of this name takes blue, green and red in Keras. */
export function takesBlueFirst(layer: string): boolean {
  return BLUE_FIRST.includes(layer);
}

/** A kernel of Keras's as ours has it, and the reverse: the inputs in the other order where the layer takes blue first. */
export function kerasKernel(layer: string, values: Floats, shape: readonly number[]): Floats {
  return takesBlueFirst(layer) ? reversed(values, shape) : values;
}

/** A kernel [height, width, inputs, outputs] with its inputs in reverse. */
function reversed(values: Floats, [, , inputs, outputs]: readonly number[]): Floats {
  const result = values.slice();
  for (let start = 0; start < values.length; start += outputs) {
    const input = (start / outputs) % inputs;
    result.set(values.subarray(start, start + outputs), start + (inputs - 1 - 2 * input) * outputs);
  }
  return result;
}

/** Keras 3 names the kernel of a depthwise convolution as any other; Keras's networks say it in the layer's name. */
function isDepthwise(layer: string, variable: string): boolean {
  return variable === 'depthwise_kernel' || (variable === 'kernel' && layer.endsWith('depthwise'));
}

/** The order of a variable's dimensions in PyTorch. */
function torchAxes(layer: string, variable: string, rank: number): readonly number[] {
  // [height, width, channels, multiplier] has its outputs, channels * multiplier, in that order.
  if (isDepthwise(layer, variable) && rank === 4) return [2, 3, 0, 1];
  if (variable === 'kernel' && rank === 4) return [3, 2, 0, 1];
  if (variable === 'kernel' && rank === 2) return [1, 0];
  return Array.from({ length: rank }, (_, d) => d);
}

/** PyTorch has [outputs, 1, height, width] where each channel is a group of its own. */
function depthwiseShape([channels, multiplier, height, width]: readonly number[]): readonly number[] {
  return [channels * multiplier, 1, height, width];
}
