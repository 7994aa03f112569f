/** Transposed convolution layers; ops/conv2d/conv-transpose2d.ts and conv-transpose1d.ts have the mathematics. */
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import { add } from '../ops/pointwise/add.js';
import { rowPadding } from '../ops/conv2d/conv1d.js';
import {
  CONV_TRANSPOSE1D_NAMES,
  convTranspose1d,
  type ConvTranspose1dOptions,
} from '../ops/conv2d/conv-transpose1d.js';
import {
  CONV_TRANSPOSE2D_NAMES,
  convTranspose2d,
  type ConvTranspose2dOptions,
} from '../ops/conv2d/conv-transpose2d.js';
import { paddingOf, pairOf, type Pair } from '../ops/conv2d/window.js';
import { Parameter } from '../tensor/parameter.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { requireKernel } from './conv2d.js';
import { constant, type Initializer, requireInitializer } from './initializers.js';
import { Module } from './module.js';

export interface ConvTranspose2dLayerOptions extends ConvTranspose2dOptions {
  /** Size of the window: one number, or [height, width]. */
  readonly kernel: number | Pair;
  /** Whether the layer adds a bias; a batch norm behind it makes one useless. Default false. */
  readonly bias?: boolean;
}

export interface ConvTranspose1dLayerOptions extends ConvTranspose1dOptions {
  /** Size of the window. */
  readonly kernel: number;
  /** Whether the layer adds a bias; a batch norm behind it makes one useless. Default false. */
  readonly bias?: boolean;
}

const NAMES_2D: OptionNames<ConvTranspose2dLayerOptions> = {
  kernel: true,
  ...CONV_TRANSPOSE2D_NAMES,
  bias: true,
};

const NAMES_1D: OptionNames<ConvTranspose1dLayerOptions> = {
  kernel: true,
  ...CONV_TRANSPOSE1D_NAMES,
  bias: true,
};

/** Transposed convolution of [batch, height, width, channels], as torch.nn.ConvTranspose2d. */
export class ConvTranspose2d extends Module {
  readonly options: ConvTranspose2dLayerOptions;
  /** [height, width, outputs / groups, inputs]. */
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  /** The options that are the operation's. */
  private readonly movement: ConvTranspose2dOptions;

  /**
   * Weights are Kaiming normal by how many outputs one input reaches; a bias starts at 0. Throws AttuneError 'usage' for an
   * unknown option, for a kernel that is none, and without an initializer, 'shape' for a padding that is none.
   */
  constructor(
    inputs: number,
    outputs: number,
    options: ConvTranspose2dLayerOptions,
    initializer: Initializer,
  ) {
    super();
    refuseUnknownOptions(options, NAMES_2D, 'ConvTranspose2d');
    requireInitializer(initializer, 'ConvTranspose2d');
    const { kernel, bias = false, ...movement } = options;
    const [height, width] = pairOf(kernel);
    requireKernel(kernel, [height, width], 'ConvTranspose2d', ', or kernel: [height, width]');
    paddingOf(options.padding);
    const reached = outputs / (options.groups ?? 1);
    const shape = [height, width, reached, inputs];
    this.options = options;
    this.movement = movement;
    this.weight = new Parameter(initializer.kaimingNormal(shape, height * width * reached), shape);
    this.bias = bias ? new Parameter(constant(outputs, 0), [outputs]) : null;
  }

  /** x [batch, height, width, inputs] to [batch, outHeight, outWidth, outputs]. */
  override forward(x: TensorLike): Tensor {
    const y = convTranspose2d(x, this.weight, this.movement);
    return this.bias === null ? y : add(y, this.bias);
  }

  /** PyTorch stores [inputs, outputs / groups, height, width]. */
  override torchAxes(field: string): readonly number[] | null {
    return field === 'weight' ? [3, 2, 0, 1] : null;
  }
}

/** Transposed convolution of [batch, length, channels], as torch.nn.ConvTranspose1d. */
export class ConvTranspose1d extends Module {
  readonly options: ConvTranspose1dLayerOptions;
  /** [length, outputs / groups, inputs]. */
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  /** The options that are the operation's. */
  private readonly movement: ConvTranspose1dOptions;

  /** Initial values and errors are those of ConvTranspose2d. */
  constructor(
    inputs: number,
    outputs: number,
    options: ConvTranspose1dLayerOptions,
    initializer: Initializer,
  ) {
    super();
    refuseUnknownOptions(options, NAMES_1D, 'ConvTranspose1d');
    requireInitializer(initializer, 'ConvTranspose1d');
    const { kernel, bias = false, ...movement } = options;
    requireKernel(kernel, [kernel], 'ConvTranspose1d');
    rowPadding('ConvTranspose1d', options.padding);
    const reached = outputs / (options.groups ?? 1);
    const shape = [kernel, reached, inputs];
    this.options = options;
    this.movement = movement;
    this.weight = new Parameter(initializer.kaimingNormal(shape, kernel * reached), shape);
    this.bias = bias ? new Parameter(constant(outputs, 0), [outputs]) : null;
  }

  /** x [batch, length, inputs] to [batch, outLength, outputs]. */
  override forward(x: TensorLike): Tensor {
    const y = convTranspose1d(x, this.weight, this.movement);
    return this.bias === null ? y : add(y, this.bias);
  }

  /** PyTorch stores [inputs, outputs / groups, length]. */
  override torchAxes(field: string): readonly number[] | null {
    return field === 'weight' ? [2, 1, 0] : null;
  }
}
