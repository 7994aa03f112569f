/** Batch normalisation over channels, with the running statistics; ops/batch-norm.ts has the mathematics. */
import { batchNorm } from '../ops/batch-norm.js';
import { Buffer, Parameter } from '../tensor/parameter.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { constant } from './initializers.js';
import { Module } from './module.js';

export interface BatchNorm2dOptions {
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
  /** Share of a new batch in the running statistics, as PyTorch counts it. Default 0.1. */
  readonly momentum?: number;
  /** Initial scale. Default 1; 0 makes a residual branch start as nothing. */
  readonly scale?: number;
}

export class BatchNorm2d extends Module {
  readonly epsilon: number;
  readonly momentum: number;
  /** gamma: the scale. */
  readonly weight: Parameter;
  /** beta: the shift. */
  readonly bias: Parameter;
  readonly running_mean: Buffer;
  readonly running_var: Buffer;

  constructor(channels: number, options: BatchNorm2dOptions = {}) {
    super();
    this.epsilon = options.epsilon ?? 1e-5;
    this.momentum = options.momentum ?? 0.1;
    this.weight = new Parameter(constant(channels, options.scale ?? 1), [channels]);
    this.bias = new Parameter(constant(channels, 0), [channels]);
    this.running_mean = new Buffer(constant(channels, 0), [channels]);
    this.running_var = new Buffer(constant(channels, 1), [channels]);
  }

  /** x [..., channels], normalised by the running statistics. */
  override forward(x: TensorLike): Tensor {
    const { weight, bias, running_mean, running_var } = this;
    return batchNorm(
      x,
      { gamma: weight, beta: bias, mean: running_mean, variance: running_var },
      this.epsilon,
    );
  }
}
