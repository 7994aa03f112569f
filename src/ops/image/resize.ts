/**
 * Images of another size: pixels between the given ones, by the nearest, or weighed by distance, or by a cubic
 * (PyTorch's `interpolate` without its antialias). Formulas stand in resize-axis.ts and resize-kernels.ts.
 */
import { AttuneError } from '../../errors.js';
import { type OptionNames, refuseUnknownKind, refuseUnknownOptions } from '../../option-names.js';
import { shapeError, showShape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import type { Pair } from '../conv2d/window.js';
import { resizeAxis, type ResizeMode, TAPS } from './resize-axis.js';
import { type ResizeAttributes, resizeGradientKernel, resizeKernel } from './resize-kernels.js';

/** How images get another size. */
export interface ResizeOptions {
  /** [height, width] of the result. */
  readonly size: Pair;
  /** The nearest pixel, two by two by their distance, or four by four by a cubic (a = -3/4). Default nearest. */
  readonly mode?: ResizeMode;
  /** Whether the centres of the corners stay where they are, rather than the edges of the image. Default false; not for nearest. */
  readonly alignCorners?: boolean;
}

const NAMES: OptionNames<ResizeOptions> = { size: true, mode: true, alignCorners: true };

interface ResizeOperationAttributes {
  readonly size: Pair;
  readonly mode: ResizeMode;
  readonly alignCorners: boolean;
}

function geometry({ size, mode, alignCorners }: ResizeOperationAttributes, x: Tensor): ResizeAttributes {
  const [batch, height, width, channels] = x.shape;
  const [outHeight, outWidth] = size;
  return {
    ...{ batch, height, width, channels, outHeight, outWidth, taps: TAPS[mode] },
    rows: resizeAxis(height, outHeight, mode, alignCorners),
    columns: resizeAxis(width, outWidth, mode, alignCorners),
  };
}

export const resizeOperation: Operation<ResizeOperationAttributes> = {
  name: 'resize',
  shape(attributes, [x]) {
    const { size } = attributes;
    expectDtype('resize', x, 'float32');
    if (x.shape.length !== 4 || x.shape[1] === 0 || x.shape[2] === 0) {
      throw shapeError(
        'resize',
        `images have shape ${showShape(x.shape)}; [batch, height, width, channels] with pixels is expected`,
        'reshape a single image to a batch of one',
      );
    }
    if (
      !Array.isArray(size) ||
      size.length !== 2 ||
      !size.every((side) => Number.isInteger(side) && side > 0)
    )
      throw shapeError('resize', `${size} is no size of an image`, 'give size: [height, width]');
    // Throws where the sizes do not go together.
    geometry(attributes, x);
    return [x.shape[0], ...size, x.shape[3]];
  },
  forward: (attributes, [x], shape) => emit(resizeKernel, geometry(attributes, x), [x], shape),
  gradient: ({ attributes, inputs: [x], gradient }) => [
    emit(resizeGradientKernel, geometry(attributes, x), [gradient], x.shape),
  ],
};

/**
 * x [batch, height, width, channels] with images of another size: [batch, ...size, channels]. float32; smaller images
 * are not averaged. Throws AttuneError 'shape' for what are no images and no size, 'usage' for an unknown option or mode,
 * and for corners that nearest pixels cannot align.
 */
export function resize(x: TensorLike, options: ResizeOptions): Tensor {
  refuseUnknownOptions(options, NAMES, 'resize');
  const { size, mode = 'nearest', alignCorners = false } = options;
  refuseUnknownKind(mode, TAPS, 'mode', 'resize');
  if (mode === 'nearest' && alignCorners)
    throw new AttuneError({
      code: 'usage',
      what: 'nearest pixels have no corners to align',
      where: 'resize',
      hint: 'leave alignCorners out, or give mode: bilinear',
    });
  return apply(resizeOperation, { size, mode, alignCorners }, [x]);
}
