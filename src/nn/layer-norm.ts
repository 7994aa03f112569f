/** Norms along rows, of the last axis or of the last axes; ops/norm/layer-norm.ts and ops/norm/rms-norm.ts have the mathematics. */
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import { layerNorm, rmsNorm } from '../ops/index.js';
import { Parameter } from '../tensor/parameter.js';
import { type Shape, sizeOf } from '../tensor/shape.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { constant } from './initializers.js';
import { Module } from './module.js';

/** Constants of a layer norm, and which parameters it has. */
export interface LayerNormLayerOptions {
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
  /** Whether the layer has a scale and a shift. Default true. */
  readonly affine?: boolean;
  /** Whether a layer with a scale has a shift as well. Default true. */
  readonly bias?: boolean;
}

const LAYER_NAMES: OptionNames<LayerNormLayerOptions> = { epsilon: true, affine: true, bias: true };

/** Layer normalisation, as torch.nn.LayerNorm. */
export class LayerNorm extends Module {
  readonly epsilon: number;
  /** The scale. */
  readonly weight: Parameter | null;
  /** The shift. */
  readonly bias: Parameter | null;

  /** `shape` is the size of the last axis, or the sizes of the last axes. Throws AttuneError 'usage' for an unknown option. */
  constructor(shape: number | Shape, options: LayerNormLayerOptions = {}) {
    super();
    refuseUnknownOptions(options, LAYER_NAMES, 'LayerNorm');
    const { epsilon = 1e-5, affine = true, bias = true } = options;
    this.epsilon = epsilon;
    this.weight = affine ? filled(shape, 1) : null;
    this.bias = affine && bias ? filled(shape, 0) : null;
  }

  /** x [..., shape], normalised: of its shape. */
  override forward(x: TensorLike): Tensor {
    return layerNorm(x, this.weight, this.bias, { epsilon: this.epsilon });
  }
}

/** The constant of a root mean square norm, and whether it has a scale. */
export interface RMSNormLayerOptions {
  /** Added to the mean of squares. Default 2^-23, as PyTorch. */
  readonly epsilon?: number;
  /** Whether the layer has a scale. Default true. */
  readonly affine?: boolean;
}

const RMS_NAMES: OptionNames<RMSNormLayerOptions> = { epsilon: true, affine: true };

/** Root mean square normalisation, as torch.nn.RMSNorm. */
export class RMSNorm extends Module {
  readonly epsilon: number;
  /** The scale. */
  readonly weight: Parameter | null;

  /** `shape` is the size of the last axis, or the sizes of the last axes. Throws AttuneError 'usage' for an unknown option. */
  constructor(shape: number | Shape, options: RMSNormLayerOptions = {}) {
    super();
    refuseUnknownOptions(options, RMS_NAMES, 'RMSNorm');
    this.epsilon = options.epsilon ?? 2 ** -23;
    this.weight = (options.affine ?? true) ? filled(shape, 1) : null;
  }

  /** x [..., shape], normalised: of its shape. */
  override forward(x: TensorLike): Tensor {
    return rmsNorm(x, this.weight, { epsilon: this.epsilon });
  }
}

function filled(shape: number | Shape, value: number): Parameter {
  const sizes = typeof shape === 'number' ? [shape] : shape;
  return new Parameter(constant(sizeOf(sizes), value), sizes);
}
