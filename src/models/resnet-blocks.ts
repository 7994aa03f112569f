/**
 * The residual blocks of ResNets (He et al., "Deep residual learning for image recognition", CVPR 2016): the
 * output of a few convolutions is added to their input. Where the two differ in shape, a 1x1 convolution brings
 * the input to the output's: PyTorch calls it `downsample`.
 */
import { BatchNorm2d } from '../nn/batch-norm.js';
import { Conv2d } from '../nn/conv2d.js';
import type { Initializer } from '../nn/initializers.js';
import { Sequential } from '../nn/layers.js';
import { Module, type Training } from '../nn/module.js';
import { StochasticDepth } from '../nn/stochastic-depth.js';
import { add } from '../ops/pointwise/add.js';
import { relu } from '../ops/pointwise/relu.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';

/** What blocks are made with. */
export interface BlockContext {
  readonly initializer: Initializer;
  /** Whether the last batch norm of each block starts at scale 0, so that the block starts as its shortcut. */
  readonly zeroInitResidual: boolean;
}

/** A kind of block: its outputs are `expansion` times its width. */
export interface BlockKind {
  readonly expansion: number;
  new (inputs: number, width: number, stride: number, context: BlockContext): Module;
}

/** A convolution without bias that keeps the size at stride 1. */
export function convolution(
  inputs: number,
  outputs: number,
  kernel: number,
  stride: number,
  initializer: Initializer,
): Conv2d {
  return new Conv2d(inputs, outputs, { kernel, stride, padding: (kernel - 1) / 2 }, initializer);
}

function shortcut(
  inputs: number,
  outputs: number,
  stride: number,
  initializer: Initializer,
): Sequential | null {
  if (stride === 1 && inputs === outputs) return null;
  return new Sequential(convolution(inputs, outputs, 1, stride, initializer), new BatchNorm2d(outputs));
}

/** Two 3x3 convolutions; the first has the stride. */
export class BasicBlock extends Module {
  static readonly expansion = 1;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly downsample: Sequential | null;
  readonly stochasticDepth = new StochasticDepth();

  constructor(
    inputs: number,
    width: number,
    stride: number,
    { initializer, zeroInitResidual }: BlockContext,
  ) {
    super();
    this.conv1 = convolution(inputs, width, 3, stride, initializer);
    this.bn1 = new BatchNorm2d(width);
    this.conv2 = convolution(width, width, 3, 1, initializer);
    this.bn2 = new BatchNorm2d(width, { scale: zeroInitResidual ? 0 : 1 });
    this.downsample = shortcut(inputs, width, stride, initializer);
  }

  override forward(x: TensorLike, training?: Training): Tensor {
    const identity = this.downsample === null ? x : this.downsample.forward(x, training);
    let y = relu(this.bn1.forward(this.conv1.forward(x), training));
    y = this.bn2.forward(this.conv2.forward(y), training);
    return relu(add(this.stochasticDepth.forward(y, training), identity));
  }
}

/** 1x1 to `width` channels, 3x3 with the stride (as torchvision; the paper has it on the 1x1), 1x1 to 4 `width`. */
export class Bottleneck extends Module {
  static readonly expansion = 4;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly downsample: Sequential | null;
  readonly stochasticDepth = new StochasticDepth();

  constructor(
    inputs: number,
    width: number,
    stride: number,
    { initializer, zeroInitResidual }: BlockContext,
  ) {
    super();
    const outputs = width * Bottleneck.expansion;
    this.conv1 = convolution(inputs, width, 1, 1, initializer);
    this.bn1 = new BatchNorm2d(width);
    this.conv2 = convolution(width, width, 3, stride, initializer);
    this.bn2 = new BatchNorm2d(width);
    this.conv3 = convolution(width, outputs, 1, 1, initializer);
    this.bn3 = new BatchNorm2d(outputs, { scale: zeroInitResidual ? 0 : 1 });
    this.downsample = shortcut(inputs, outputs, stride, initializer);
  }

  override forward(x: TensorLike, training?: Training): Tensor {
    const identity = this.downsample === null ? x : this.downsample.forward(x, training);
    let y = relu(this.bn1.forward(this.conv1.forward(x), training));
    y = relu(this.bn2.forward(this.conv2.forward(y), training));
    y = this.bn3.forward(this.conv3.forward(y), training);
    return relu(add(this.stochasticDepth.forward(y, training), identity));
  }
}

/** `depth` blocks one after another; the first has the stride and takes `inputs` channels. */
export function stage(
  Block: BlockKind,
  inputs: number,
  width: number,
  depth: number,
  stride: number,
  context: BlockContext,
): Sequential {
  const blocks = [new Block(inputs, width, stride, context)];
  while (blocks.length < depth) blocks.push(new Block(width * Block.expansion, width, 1, context));
  return new Sequential(...blocks);
}
