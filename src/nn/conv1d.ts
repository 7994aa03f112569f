/** Convolution layer of sequences; ops/conv2d/conv1d.ts has the mathematics. */
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import { add } from '../ops/pointwise/add.js';
import { CONV1D_NAMES, conv1d, type Conv1dOptions, rowPadding } from '../ops/conv2d/conv1d.js';
import { Parameter } from '../tensor/parameter.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { requireKernel } from './conv2d.js';
import { constant, type Initializer, requireInitializer } from './initializers.js';
import { Module } from './module.js';

export interface Conv1dLayerOptions extends Conv1dOptions {
  /** Size of the window. */
  readonly kernel: number;
  /** Whether the layer adds a bias; a batch norm behind it makes one useless. Default false. */
  readonly bias?: boolean;
}

const NAMES: OptionNames<Conv1dLayerOptions> = { kernel: true, ...CONV1D_NAMES, bias: true };

/** Convolution of [batch, length, channels], as torch.nn.Conv1d. */
export class Conv1d extends Module {
  readonly options: Conv1dLayerOptions;
  /** [length, inputs / groups, outputs]. */
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  /** The options that are the operation's. */
  private readonly movement: Conv1dOptions;

  /**
   * Weights are Kaiming normal by the fan out, as Conv2d's; a bias starts at 0. Throws AttuneError 'usage' for an unknown
   * option, for a kernel that is none, and without an initializer, 'shape' for a padding that is none.
   */
  constructor(inputs: number, outputs: number, options: Conv1dLayerOptions, initializer: Initializer) {
    super();
    refuseUnknownOptions(options, NAMES, 'Conv1d');
    requireInitializer(initializer, 'Conv1d');
    const { kernel, bias = false, ...movement } = options;
    requireKernel(kernel, [kernel], 'Conv1d');
    if (options.padding !== 'same') rowPadding('Conv1d', options.padding);
    const shape = [kernel, inputs / (options.groups ?? 1), outputs];
    this.options = options;
    this.movement = movement;
    this.weight = new Parameter(initializer.kaimingNormal(shape, kernel * outputs), shape);
    this.bias = bias ? new Parameter(constant(outputs, 0), [outputs]) : null;
  }

  /** x [batch, length, inputs] to [batch, outLength, outputs]. */
  override forward(x: TensorLike): Tensor {
    const y = conv1d(x, this.weight, this.movement);
    return this.bias === null ? y : add(y, this.bias);
  }

  /** PyTorch stores [outputs, inputs / groups, length]. */
  override torchAxes(field: string): readonly number[] | null {
    return field === 'weight' ? [2, 1, 0] : null;
  }
}
