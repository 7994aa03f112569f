/** What networks of inverted residuals are made of: convolutions with their batch norms, and squeeze-and-excitation. */
import { globalAveragePool, multiply, reshape } from '../ops/index.js';
import { BatchNorm2d, type BatchNorm2dOptions, Conv2d, type Initializer, Module } from '../nn/index.js';
import { asTensor, type Tensor, type TensorLike } from '../tensor/tensor.js';

/** The size of a convolution's window, and how it moves. */
export interface ConvolutionShape {
  readonly kernel: number;
  readonly stride?: number;
  readonly groups?: number;
}

/** A convolution that keeps the size at stride 1, and its batch norm. */
export function convolution(
  inputs: number,
  outputs: number,
  { kernel, stride = 1, groups = 1 }: ConvolutionShape,
  initializer: Initializer,
  norm: BatchNorm2dOptions = {},
): [Conv2d, BatchNorm2d] {
  const options = { kernel, stride, groups, padding: (kernel - 1) / 2 };
  return [new Conv2d(inputs, outputs, options, initializer), new BatchNorm2d(outputs, norm)];
}

/**
 * Squeeze-and-excitation (Hu et al., "Squeeze-and-excitation networks", CVPR 2018, figure 1), as
 * torchvision.ops.SqueezeExcitation: each channel times a number of its own from 0 to 1, which two 1x1 convolutions make of
 * the means of all channels.
 */
export class SqueezeExcitation extends Module {
  readonly fc1: Conv2d;
  readonly fc2: Conv2d;
  /** Between the two, and what makes gates of what they give. */
  private readonly activation: Module;
  private readonly gate: Module;

  constructor(
    channels: number,
    squeezed: number,
    { activation, gate }: { readonly activation: Module; readonly gate: Module },
    initializer: Initializer,
  ) {
    super();
    this.fc1 = new Conv2d(channels, squeezed, { kernel: 1, bias: true }, initializer);
    this.fc2 = new Conv2d(squeezed, channels, { kernel: 1, bias: true }, initializer);
    this.activation = activation;
    this.gate = gate;
  }

  /** x [batch, height, width, channels], of its shape. */
  override forward(x: TensorLike): Tensor {
    const map = asTensor(x);
    const [batch, , , channels] = map.shape;
    const means = reshape(globalAveragePool(map), [batch, 1, 1, channels]);
    const squeezed = this.activation.forward(this.fc1.forward(means));
    return multiply(map, this.gate.forward(this.fc2.forward(squeezed)));
  }
}
