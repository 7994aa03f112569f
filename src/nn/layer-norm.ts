/** Norms along rows, of the last axis or of the last axes; ops/norm/layer-norm.ts and ops/norm/rms-norm.ts have the mathematics. */
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import { layerNorm, reshape, rmsNorm } from '../ops/index.js';
import { Parameter } from '../tensor/parameter.js';
import { sameShape, type Shape, shapeError, showShape, sizeOf } from '../tensor/shape.js';
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
  /** The sizes of the last axes, which are one row. */
  readonly shape: Shape;
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
    this.shape = sizesOf(shape);
    this.weight = affine ? filled(this.shape, 1) : null;
    this.bias = affine && bias ? filled(this.shape, 0) : null;
  }

  /** x [..., shape], normalised: of its shape. Throws AttuneError 'shape' for other rows. */
  override forward(x: TensorLike): Tensor {
    const { weight, bias, epsilon } = this;
    if (weight === null)
      return alongRows('LayerNorm', x, this.shape, (rows) => layerNorm(rows, null, null, { epsilon }));
    return layerNorm(x, weight, bias, { epsilon });
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
  /** The sizes of the last axes, which are one row. */
  readonly shape: Shape;
  /** The scale. */
  readonly weight: Parameter | null;

  /** `shape` is the size of the last axis, or the sizes of the last axes. Throws AttuneError 'usage' for an unknown option. */
  constructor(shape: number | Shape, options: RMSNormLayerOptions = {}) {
    super();
    refuseUnknownOptions(options, RMS_NAMES, 'RMSNorm');
    this.epsilon = options.epsilon ?? 2 ** -23;
    this.shape = sizesOf(shape);
    this.weight = (options.affine ?? true) ? filled(this.shape, 1) : null;
  }

  /** x [..., shape], normalised: of its shape. Throws AttuneError 'shape' for other rows. */
  override forward(x: TensorLike): Tensor {
    const { weight, epsilon } = this;
    if (weight === null)
      return alongRows('RMSNorm', x, this.shape, (rows) => rmsNorm(rows, null, { epsilon }));
    return rmsNorm(x, weight, { epsilon });
  }
}

/** A norm without vectors, which alone would not know how many axes are a row. */
function alongRows(name: string, x: TensorLike, shape: Shape, norm: (rows: Tensor) => Tensor): Tensor {
  if (!sameShape(x.shape.slice(-shape.length), shape)) {
    throw shapeError(
      name,
      `${showShape(x.shape)} does not end in rows of shape ${showShape(shape)}`,
      'give what the layer was made for, or make it for the last axes of x',
    );
  }
  return reshape(norm(reshape(x, [...x.shape.slice(0, -shape.length), sizeOf(shape)])), x.shape);
}

function sizesOf(shape: number | Shape): Shape {
  return typeof shape === 'number' ? [shape] : shape;
}

function filled(shape: Shape, value: number): Parameter {
  return new Parameter(constant(sizeOf(shape), value), shape);
}
