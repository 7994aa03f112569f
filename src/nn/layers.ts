/** Layers without parameters, and layers in sequence. */
import { refuseUnknownOptions } from '../option-names.js';
import { gelu, type GeluOptions, hardSigmoid, hardSwish, relu6, sigmoid, silu } from '../ops/index.js';
import { dropout } from '../ops/pointwise/dropout.js';
import { approximationOf } from '../ops/pointwise/gelu.js';
import {
  AVERAGE_POOL_NAMES,
  averagePool2d,
  type AveragePool2dOptions,
  globalAveragePool,
  MAX_POOL_NAMES,
  maxPool2d,
  type MaxPool2dOptions,
} from '../ops/pool/pool.js';
import { relu } from '../ops/pointwise/relu.js';
import { flatten } from '../ops/shape/reshape.js';
import { softmax } from '../ops/norm/softmax.js';
import { paddingOf } from '../ops/conv2d/window.js';
import { asTensor, type Tensor, type TensorLike } from '../tensor/tensor.js';
import { Module, requireTraining, type Training } from './module.js';

/** Layers one after another, named by their position: `0`, `1`, ... */
export class Sequential extends Module {
  readonly layers: readonly Module[];

  constructor(...layers: readonly Module[]) {
    super();
    this.layers = layers;
  }

  override members(): Iterable<readonly [string, unknown]> {
    return Object.entries(this.layers);
  }

  override forward(x: TensorLike, training?: Training): Tensor {
    return this.layers.reduce((y: Tensor, layer) => layer.forward(y, training), asTensor(x));
  }
}

/** Layers one after another. */
export function sequential(...layers: readonly Module[]): Sequential {
  return new Sequential(...layers);
}

/** max(x, 0). */
export class Relu extends Module {
  override forward(x: TensorLike): Tensor {
    return relu(x);
  }
}

/** min(max(x, 0), 6). */
export class Relu6 extends Module {
  override forward(x: TensorLike): Tensor {
    return relu6(x);
  }
}

/** x times the share of normal numbers below x, exactly or by tanh. */
export class GELU extends Module {
  readonly options: GeluOptions;

  /** `new GELU({ approximate: 'tanh' })`. Throws AttuneError 'usage' for an option or an approximation that there is not. */
  constructor(options: GeluOptions = {}) {
    super();
    this.options = { approximate: approximationOf(options) };
  }

  override forward(x: TensorLike): Tensor {
    return gelu(x, this.options);
  }
}

/** x / (1 + e^-x). */
export class SiLU extends Module {
  override forward(x: TensorLike): Tensor {
    return silu(x);
  }
}

/** 1 / (1 + e^-x). */
export class Sigmoid extends Module {
  override forward(x: TensorLike): Tensor {
    return sigmoid(x);
  }
}

/** min(max(x / 6 + 1 / 2, 0), 1). */
export class Hardsigmoid extends Module {
  override forward(x: TensorLike): Tensor {
    return hardSigmoid(x);
  }
}

/** x by its hard sigmoid. */
export class Hardswish extends Module {
  override forward(x: TensorLike): Tensor {
    return hardSwish(x);
  }
}

/** Probabilities of the last axis. */
export class Softmax extends Module {
  override forward(x: TensorLike): Tensor {
    return softmax(x);
  }
}

/** Sets elements to 0 with `probability` in a pass that trains, by its random numbers; else does nothing. */
export class Dropout extends Module {
  readonly probability: number;

  constructor(probability: number) {
    super();
    this.probability = probability;
  }

  override forward(x: TensorLike, training?: Training): Tensor {
    if (training === undefined) return asTensor(x);
    requireTraining(training, 'Dropout');
    return dropout(x, this.probability, training.random);
  }
}

/** The largest element of each window. */
export class MaxPool2d extends Module {
  readonly options: MaxPool2dOptions;

  /** `new MaxPool2d({ kernel: 3, stride: 2 })`. Throws AttuneError 'usage' for an unknown option, 'shape' for a padding that is none. */
  constructor(options: MaxPool2dOptions) {
    super();
    refuseUnknownOptions(options, MAX_POOL_NAMES, 'MaxPool2d');
    paddingOf(options.padding);
    this.options = options;
  }

  override forward(x: TensorLike): Tensor {
    return maxPool2d(x, this.options);
  }
}

/** The mean of each window. */
export class AveragePool2d extends Module {
  readonly options: AveragePool2dOptions;

  /** `new AveragePool2d({ kernel: 2 })`. Throws AttuneError 'usage' for an unknown option, 'shape' for a padding that is none. */
  constructor(options: AveragePool2dOptions) {
    super();
    refuseUnknownOptions(options, AVERAGE_POOL_NAMES, 'AveragePool2d');
    paddingOf(options.padding);
    this.options = options;
  }

  override forward(x: TensorLike): Tensor {
    return averagePool2d(x, this.options);
  }
}

/** The mean over height and width: [batch, height, width, channels] to [batch, channels]. */
export class GlobalAveragePool extends Module {
  override forward(x: TensorLike): Tensor {
    return globalAveragePool(x);
  }
}

/** [first size, all the rest]. */
export class Flatten extends Module {
  override forward(x: TensorLike): Tensor {
    return flatten(x);
  }
}

/** Its input. */
export class Identity extends Module {
  override forward(x: TensorLike): Tensor {
    return asTensor(x);
  }
}
