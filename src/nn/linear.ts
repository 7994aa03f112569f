/** Fully connected layer: y = x W + b, with W stored [inputs, outputs] (PyTorch stores its transpose). */
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import { add } from '../ops/pointwise/add.js';
import { matmul } from '../ops/product/matmul.js';
import { Parameter } from '../tensor/parameter.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { Initializer, requireInitializer } from './initializers.js';
import { Module } from './module.js';

/** Bias and initial values of a linear layer. */
export interface LinearOptions {
  /** Whether the layer adds a bias. Default true. */
  readonly bias?: boolean;
  /** Give the layers of one network different seeds. Default 42. */
  readonly seed?: number;
}

const NAMES: OptionNames<LinearOptions> = { bias: true, seed: true };

/** [rows, inputs] to [rows, outputs], or any batch of rows, [..., inputs] to [..., outputs], as torch.nn.Linear. */
export class Linear extends Module {
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: Parameter;
  readonly bias: Parameter | null;

  /**
   * Uniform between -1 / sqrt(inputs) and 1 / sqrt(inputs), as torch.nn.Linear. Throws AttuneError 'usage' without an
   * initializer; `linear` makes one.
   */
  constructor(inputs: number, outputs: number, initializer: Initializer, bias = true) {
    super();
    requireInitializer(initializer, 'Linear');
    const bound = 1 / Math.sqrt(inputs);
    this.inputs = inputs;
    this.outputs = outputs;
    this.weight = new Parameter(initializer.uniform([inputs, outputs], bound), [inputs, outputs]);
    this.bias = bias ? new Parameter(initializer.uniform([outputs], bound), [outputs]) : null;
  }

  /** x [..., inputs] to [..., outputs], rank 2 to 6: all rows are one product. Throws AttuneError 'shape' for others. */
  override forward(x: TensorLike): Tensor {
    const product = matmul(x, this.weight);
    return this.bias === null ? product : add(product, this.bias);
  }

  override torchAxes(field: string): readonly number[] | null {
    return field === 'weight' ? [1, 0] : null;
  }
}

/** A fully connected layer from `inputs` to `outputs` features. Throws AttuneError 'usage' for an unknown option. */
export function linear(inputs: number, outputs: number, options: LinearOptions = {}): Linear {
  refuseUnknownOptions(options, NAMES, 'linear');
  return new Linear(inputs, outputs, new Initializer(options.seed), options.bias);
}
