/**
 * Layer normalisation (Ba, Kiros and Hinton, 2016): each row of n elements by its own mean and biased variance,
 *
 *     mean = 1/n sum x,   inverse = 1 / sqrt(1/n sum (x - mean)^2 + epsilon),   z = (x - mean) inverse
 *     y = scale z + shift
 *
 * With g = scale dy, and sums over the row, or over all rows for scale and shift:
 *
 *     dx = inverse (g - 1/n sum g - z 1/n sum g z),   dscale = sum dy z,   dshift = sum dy
 *
 * A root mean square norm is the same without the mean, and without the sum of g (rms-norm.ts).
 */
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { sameShape, type Shape, shapeError, showShape, sizeOf } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { reduceAxes } from '../core/reduce.js';
import { emptyTensor } from '../core/strided-copy.js';
import type { RowAttributes } from '../reduce/argmax.js';
import { reshape } from '../shape/reshape.js';
import { sliced } from './batch-norm-training-kernels.js';
import { layerNormGradientKernel, layerNormKernel, layerNormSumsKernel } from './layer-norm-kernels.js';

export interface RowNormSettings {
  readonly epsilon: number;
  readonly scaled: boolean;
  readonly shifted: boolean;
}

/** Inputs: x, then scale and shift where there are such. */
function inputsOf({ scaled, shifted }: RowNormSettings, inputs: readonly Tensor[]) {
  return {
    x: inputs[0],
    scale: scaled ? inputs[1] : null,
    shift: shifted ? inputs[scaled ? 2 : 1] : null,
  };
}

/** What of a shape is one row: as many of its last axes as the vectors have, and the last one without any. */
function rowsAlong(name: string, x: Tensor, vector: Tensor | null): RowAttributes {
  const row = vector?.shape ?? x.shape.slice(-1);
  const columns = sizeOf(row);
  if (row.length === 0 || columns === 0)
    throw shapeError(
      name,
      `rows of shape ${showShape(row)} have no elements to normalise`,
      'give rows of at least one element',
    );
  return { rows: x.length / columns, columns };
}

function checkRows(name: string, settings: RowNormSettings, inputs: readonly Tensor[]): Shape {
  const { x, scale, shift } = inputsOf(settings, inputs);
  const { epsilon } = settings;
  if (!(epsilon >= 0 && epsilon < 1))
    throw shapeError(
      name,
      `epsilon ${epsilon} is not at least 0 and below 1`,
      'give a small number, as 1e-5',
    );
  for (const input of inputs) expectDtype(name, input, 'float32');
  for (const vector of [scale, shift]) {
    if (vector === null) continue;
    const row = vector.shape.length === 0 ? [] : x.shape.slice(-vector.shape.length);
    if (!sameShape(vector.shape, row) || !sameShape(vector.shape, (scale ?? vector).shape)) {
      throw shapeError(
        name,
        `scale and shift of shape ${[scale, shift].flatMap((one) => (one === null ? [] : showShape(one.shape))).join(' and ')} do not fit ${showShape(x.shape)}`,
        'each has the size of the last axis, or the sizes of the last axes',
      );
    }
  }
  rowsAlong(name, x, scale ?? shift);
  return x.shape;
}

/** The operation of a norm along rows; `centred` takes the mean away first. */
export function rowNormOperation(name: string, centred: boolean): Operation<RowNormSettings> {
  return {
    name,
    shape: (settings, inputs) => checkRows(name, settings, inputs),
    forward(settings, inputs, shape) {
      const { x, scale, shift } = inputsOf(settings, inputs);
      const attributes = { centred, ...settings, ...rowsAlong(name, x, scale ?? shift) };
      return emit(layerNormKernel, attributes, [x, scale, shift], shape);
    },
    gradient({ attributes: settings, inputs, gradient, wanted }) {
      const { x, scale, shift } = inputsOf(settings, inputs);
      const { epsilon, scaled } = settings;
      const { rows, columns } = rowsAlong(name, x, scale ?? shift);
      const statistics = emptyTensor([rows, 2], 'float32');
      const attributes = { rows, columns, epsilon, centred, scaled };
      const dx = emit(layerNormGradientKernel, attributes, [x, gradient, scale, statistics], x.shape);
      if (!wanted.some((one, i) => one && i > 0)) return [dx, ...wanted.slice(1).map(() => null)];
      const slices = sliced(rows, columns);
      const partials = [slices.slices, columns];
      const scales = emptyTensor(partials, 'float32');
      const shifts = emit(layerNormSumsKernel, slices, [x, gradient, statistics, scales], partials);
      const total = (sums: Tensor, { shape }: Tensor) => reshape(reduceAxes(sums, [0], 'sum'), shape);
      return [
        dx,
        ...(scale === null ? [] : [total(scales, scale)]),
        ...(shift === null ? [] : [total(shifts, shift)]),
      ];
    },
  };
}

export const layerNormOperation = rowNormOperation('layerNorm', true);

/** What a norm adds to a variance. */
export interface LayerNormOptions {
  /** Added to the variance; at least 0 and below 1. Default 1e-5. */
  readonly epsilon?: number;
}

const NAMES: OptionNames<LayerNormOptions> = { epsilon: true };

/**
 * Rows of x, each with mean 0 and variance 1, times `scale` plus `shift`; both may be absent or null. A row is the last axis
 * of x, or as many of its last axes as scale and shift have: both have the shape of a row. float32; the result has the
 * shape of x. Throws AttuneError 'shape' where they do not fit, 'usage' for an unknown option.
 */
export function layerNorm(
  x: TensorLike,
  scale: TensorLike | null = null,
  shift: TensorLike | null = null,
  options: LayerNormOptions = {},
): Tensor {
  refuseUnknownOptions(options, NAMES, 'layerNorm');
  const settings = { epsilon: options.epsilon ?? 1e-5, scaled: scale !== null, shifted: shift !== null };
  return apply(layerNormOperation, settings, [
    x,
    ...(scale === null ? [] : [scale]),
    ...(shift === null ? [] : [shift]),
  ]);
}
