/**
 * Bytes of images as a network wants them: y = (x / 255 - mean[c]) / deviation[c], three channels. Done on the
 * device, so that a batch travels as bytes.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import { float, type Kernel } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';
import { shapeError, showShape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { flatElements, flatRange, flatUnits } from '../core/flat.js';

type Triple = readonly [number, number, number];

interface NormalizeAttributes {
  readonly mean: Triple;
  readonly deviation: Triple;
}

type NormalizeKernelAttributes = NormalizeAttributes & { readonly count: number };

export const normalizeImagesKernel: Kernel<NormalizeKernelAttributes> = {
  name: 'normalizeImages',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'y', access: 'write', half: true },
  ],
  shader: {
    variants: {
      // One invocation computes the four elements of one word of bytes.
      word: {
        file: 'image/normalize-images.wgsl',
        libraries: ['grid.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ count }) => flatGrid(Math.ceil(count / 4), POINTWISE_WORKGROUP),
      },
    },
    choose: () => 'word',
    words: ({ count, mean, deviation }) => [
      count,
      0,
      0,
      0,
      ...mean.map(float),
      0,
      ...deviation.map(float),
      0,
    ],
  },
  cpu: {
    units: flatUnits,
    run({ attributes: { count, mean, deviation }, operands: [x, y], begin, end }) {
      const [first, last] = flatRange(count, begin, end);
      for (let i = first; i < last; i++) y[i] = (x[i] / 255 - mean[i % 3]) / deviation[i % 3];
    },
  },
  simd: simdEntry('normalizeImages', {
    arguments({ count, mean, deviation }, [x, y], begin, end) {
      const [mean0, mean1, mean2] = mean;
      const [deviation0, deviation1, deviation2] = deviation;
      return {
        x,
        y,
        mean0,
        mean1,
        mean2,
        deviation0,
        deviation1,
        deviation2,
        ...flatElements(count, begin, end),
      };
    },
  }),
};

export const normalizeImagesOperation: Operation<NormalizeAttributes> = {
  name: 'normalizeImages',
  shape(_, [x]) {
    expectDtype('normalizeImages', x, 'uint8', 'images');
    if (x.shape.at(-1) !== 3) {
      throw shapeError(
        'normalizeImages',
        `images of shape ${showShape(x.shape)} do not have three channels last`,
        'give images in red, green and blue: [n, height, width, 3]',
      );
    }
    return x.shape;
  },
  forward: (attributes, [x], shape) =>
    emit(normalizeImagesKernel, { count: x.length, ...attributes }, [x], shape),
  gradient: { notDifferentiable: 'bytes are whole numbers' },
};

/** uint8 images [..., 3] as float32: each channel scaled to 0..1, less `mean`, divided by `deviation`. */
export function normalizeImages(
  x: TensorLike,
  mean: readonly number[],
  deviation: readonly number[],
): Tensor {
  if (mean.length !== 3 || deviation.length !== 3) {
    throw shapeError(
      'normalizeImages',
      `${mean.length} means and ${deviation.length} deviations; three of each are expected`,
      'give a mean and a deviation for each of red, green and blue',
    );
  }
  if (![...mean, ...deviation].every(Number.isFinite) || deviation.includes(0)) {
    throw shapeError(
      'normalizeImages',
      `means ${mean} and deviations ${deviation} are not finite numbers, or one deviation is 0`,
      'a channel that never varies has deviation 1',
    );
  }
  return apply(normalizeImagesOperation, { mean: mean as Triple, deviation: deviation as Triple }, [x]);
}
