/**
 * Keras's names and layout of weights: `Conv1/kernel` is the kernel [height, width, inputs, outputs] of layer `Conv1`.
 * Layers of Keras's graphs have the same names here, so a naming is needed for variables only.
 */
import { permuteShape, permuteValues } from '../nn/permute.js';
import type { WeightsEntry } from '../nn/state-dict.js';

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

/**
 * A tensor of a Keras file by the model's name, in PyTorch's layout. Scopes before the layer (`model/Conv1/kernel`) and
 * TensorFlow's output number (`kernel:0`) are left out.
 */
export function fromKeras(tensor: WeightsEntry): WeightsEntry {
  const [layer, variable] = tensor.name.replace(/:0$/, '').split('/').slice(-2);
  if (variable === undefined || !Object.hasOwn(VARIABLES, variable)) return tensor;
  const { dtype, shape } = tensor;
  const axes = torchAxes(layer, variable, shape.length);
  return {
    name: `${layer}.${VARIABLES[variable]}`,
    dtype,
    shape: torchShape(permuteShape(shape, axes), isDepthwise(layer, variable)),
    read: async () => permuteValues(await tensor.read(), shape, axes),
  };
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
function torchShape(shape: readonly number[], depthwise: boolean): readonly number[] {
  if (!depthwise || shape.length !== 4) return shape;
  const [channels, multiplier, height, width] = shape;
  return [channels * multiplier, 1, height, width];
}
