/** Convolution layer; ops/conv2d.ts has the mathematics. */
import { add } from '../ops/add.js';
import { conv2d, type Conv2dOptions } from '../ops/conv2d.js';
import { pairOf, type Pair } from '../ops/window.js';
import { Parameter } from '../tensor/parameter.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { constant, type Initializer } from './initializers.js';
import { Module } from './module.js';

export interface Conv2dLayerOptions extends Conv2dOptions {
  /** Size of the window: one number, or [height, width]. */
  readonly kernel: number | Pair;
  /** Whether the layer adds a bias; a batch norm behind it makes one useless. Default false. */
  readonly bias?: boolean;
}

/** Convolution of [batch, height, width, channels], as torch.nn.Conv2d. */
export class Conv2d extends Module {
  readonly options: Conv2dLayerOptions;
  /** [height, width, inputs / groups, outputs] (HWIO). */
  readonly weight: Parameter;
  readonly bias: Parameter | null;

  /** Weights are Kaiming normal by the fan out, as in torchvision's ResNets; a bias starts at 0. */
  constructor(inputs: number, outputs: number, options: Conv2dLayerOptions, initializer: Initializer) {
    super();
    const [height, width] = pairOf(options.kernel);
    const shape = [height, width, inputs / (options.groups ?? 1), outputs];
    this.options = options;
    this.weight = new Parameter(initializer.kaimingNormal(shape, height * width * outputs), shape);
    this.bias = options.bias ? new Parameter(constant(outputs, 0), [outputs]) : null;
  }

  /** x [batch, height, width, inputs] to [batch, outHeight, outWidth, outputs]. */
  override forward(x: TensorLike): Tensor {
    const y = conv2d(x, this.weight, this.options);
    return this.bias === null ? y : add(y, this.bias);
  }

  /** PyTorch stores [outputs, inputs / groups, height, width] (OIHW). */
  override torchAxes(field: string): readonly number[] | null {
    return field === 'weight' ? [3, 2, 0, 1] : null;
  }
}
