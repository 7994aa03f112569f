/** Convolution layer; ops/conv2d/conv2d.ts has the mathematics. */
import { AttuneError } from '../errors.js';
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import { add } from '../ops/pointwise/add.js';
import { CONV2D_NAMES, conv2d, type Conv2dOptions } from '../ops/conv2d/conv2d.js';
import { paddingOf, pairOf, type Pair } from '../ops/conv2d/window.js';
import { Parameter } from '../tensor/parameter.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { constant, type Initializer, requireInitializer } from './initializers.js';
import { Module } from './module.js';

export interface Conv2dLayerOptions extends Conv2dOptions {
  /** Size of the window: one number, or [height, width]. */
  readonly kernel: number | Pair;
  /** Whether the layer adds a bias; a batch norm behind it makes one useless. Default false. */
  readonly bias?: boolean;
}

const NAMES: OptionNames<Conv2dLayerOptions> = { kernel: true, ...CONV2D_NAMES, bias: true };

/** Throws AttuneError 'usage' unless the `sizes` that are read of a kernel are whole numbers of at least 1. */
export function requireKernel(given: unknown, sizes: readonly number[], layer: string, otherwise = ''): void {
  if (sizes.every((size) => Number.isInteger(size) && size >= 1)) return;
  const what = `the kernel is ${given}, which is no size`;
  throw new AttuneError({ code: 'usage', what, where: layer, hint: `give kernel: 3${otherwise}` });
}

/** Convolution of [batch, height, width, channels], as torch.nn.Conv2d. */
export class Conv2d extends Module {
  readonly options: Conv2dLayerOptions;
  /** [height, width, inputs / groups, outputs] (HWIO). */
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  /** The options that are the operation's. */
  private readonly movement: Conv2dOptions;

  /**
   * Weights are Kaiming normal by the fan out, as in torchvision's ResNets; a bias starts at 0. Throws AttuneError 'usage'
   * for an unknown option, for a kernel that is none, and without an initializer, 'shape' for a padding that is none.
   */
  constructor(inputs: number, outputs: number, options: Conv2dLayerOptions, initializer: Initializer) {
    super();
    refuseUnknownOptions(options, NAMES, 'Conv2d');
    requireInitializer(initializer, 'Conv2d');
    const { kernel, bias = false, ...movement } = options;
    const [height, width] = pairOf(kernel);
    requireKernel(kernel, [height, width], 'Conv2d', ', or kernel: [height, width]');
    if (options.padding !== 'same') paddingOf(options.padding);
    const shape = [height, width, inputs / (options.groups ?? 1), outputs];
    this.options = options;
    this.movement = movement;
    this.weight = new Parameter(initializer.kaimingNormal(shape, height * width * outputs), shape);
    this.bias = bias ? new Parameter(constant(outputs, 0), [outputs]) : null;
  }

  /** x [batch, height, width, inputs] to [batch, outHeight, outWidth, outputs]. */
  override forward(x: TensorLike): Tensor {
    const y = conv2d(x, this.weight, this.movement);
    return this.bias === null ? y : add(y, this.bias);
  }

  /** PyTorch stores [outputs, inputs / groups, height, width] (OIHW). */
  override torchAxes(field: string): readonly number[] | null {
    return field === 'weight' ? [3, 2, 0, 1] : null;
  }
}
