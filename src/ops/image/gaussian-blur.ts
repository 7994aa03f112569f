/**
 * Gaussian blur of images as bytes, each with a deviation of its own (torchvision 0.14, `gaussian_blur`): a weighted
 * mean along columns, kept as floats, then along rows, rounded to bytes. Beyond its edge an image is mirrored, without
 * the edge itself.
 *
 * torchvision multiplies the two kernels first and sums once; the difference is rounding.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import type { Kernel } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';
import { shapeError } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import { asTensor, type Tensor, type TensorLike, tensor } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { roundHalfToEven } from './transform-images-loop.js';
import { expectImages } from './transform-images.js';

export interface GaussianBlurAttributes {
  readonly images: number;
  readonly height: number;
  readonly width: number;
  /** Weights along one direction, an odd number. */
  readonly taps: number;
}

const countOf = ({ images, height, width }: GaussianBlurAttributes) => images * height * width * 3;

/** Along columns: bytes to floats. */
export const gaussianBlurColumnsKernel: Kernel<GaussianBlurAttributes> = {
  name: 'gaussianBlurColumns',
  bindings: [
    { name: 'images', access: 'read' },
    { name: 'weights', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  shader: {
    variants: {
      flat: {
        file: 'image/gaussian-blur-columns.wgsl',
        libraries: ['grid.wgsl', 'mirrored.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: (attributes) => flatGrid(countOf(attributes), POINTWISE_WORKGROUP),
      },
    },
    choose: () => 'flat',
    words: (attributes) => [countOf(attributes), attributes.height, attributes.width, attributes.taps],
  },
  cpu: {
    units: ({ images, height }) => images * height,
    run({ attributes: { height, width, taps }, operands: [images, weights, y], begin, end }) {
      const line = width * 3;
      for (let row = begin; row < end; row++) {
        const image = Math.floor(row / height);
        const at = row * line;
        for (let i = 0; i < line; i++) y[at + i] = 0;
        for (let tap = 0; tap < taps; tap++) {
          const weight = weights[image * taps + tap];
          if (weight === 0) continue;
          const from = image * height + mirrored(row - image * height + tap - (taps >> 1), height);
          for (let i = 0; i < line; i++) y[at + i] += weight * images[from * line + i];
        }
      }
    },
  },
  simd: simdEntry('gaussianBlurColumns', {
    arguments: ({ height, width, taps }, [images, weights, y], begin, end) => ({
      images,
      weights,
      y,
      first: begin,
      last: end,
      height,
      width,
      taps,
    }),
  }),
};

/** Along rows: floats to bytes. */
export const gaussianBlurRowsKernel: Kernel<GaussianBlurAttributes> = {
  name: 'gaussianBlurRows',
  bindings: [
    { name: 'columns', access: 'read' },
    { name: 'weights', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  shader: {
    variants: {
      word: {
        file: 'image/gaussian-blur-rows.wgsl',
        libraries: ['grid.wgsl', 'mirrored.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: (attributes) => flatGrid(Math.ceil(countOf(attributes) / 4), POINTWISE_WORKGROUP),
      },
    },
    choose: () => 'word',
    words: (attributes) => [countOf(attributes), attributes.height, attributes.width, attributes.taps],
  },
  cpu: {
    units: ({ images, height }) => images * height,
    run({ attributes: { height, width, taps }, operands: [columns, weights, y], begin, end }) {
      const radius = taps >> 1;
      for (let row = begin; row < end; row++) {
        const first = Math.floor(row / height) * taps;
        for (let x = 0; x < width; x++) {
          let [red, green, blue] = [0, 0, 0];
          for (let tap = 0; tap < taps; tap++) {
            const weight = weights[first + tap];
            if (weight === 0) continue;
            const i = (row * width + mirrored(x + tap - radius, width)) * 3;
            red += weight * columns[i];
            green += weight * columns[i + 1];
            blue += weight * columns[i + 2];
          }
          const to = (row * width + x) * 3;
          y[to] = roundHalfToEven(red);
          y[to + 1] = roundHalfToEven(green);
          y[to + 2] = roundHalfToEven(blue);
        }
      }
    },
  },
  simd: simdEntry('gaussianBlurRows', {
    // A row with what its ends mirror.
    workspaceBytes: ({ width, taps }) => (width + taps - 1) * 3 * 4,
    arguments: ({ height, width, taps }, [columns, weights, y, workspace], begin, end) => ({
      columns,
      weights,
      y,
      workspace,
      first: begin,
      last: end,
      height,
      width,
      taps,
    }),
  }),
};

/** Position -1 is 1, and `size` is `size - 2`. */
function mirrored(position: number, size: number): number {
  const inside = Math.abs(position);
  return inside < size ? inside : 2 * size - 2 - inside;
}

export const gaussianBlurOperation: Operation<null> = {
  name: 'gaussianBlur',
  shape(_, [images, weights]) {
    expectImages('gaussianBlur', images);
    expectDtype('gaussianBlur', weights, 'float32', 'weights');
    return images.shape;
  },
  forward(_, [x, weights], shape) {
    const [images, height, width] = shape;
    const attributes = { images, height, width, taps: weights.shape[1] };
    const columns = emit(gaussianBlurColumnsKernel, attributes, [x, weights], shape);
    return emit(gaussianBlurRowsKernel, attributes, [columns, weights], shape, 'uint8');
  },
  gradient: { notDifferentiable: 'bytes are whole numbers' },
};

/**
 * uint8 images [n, height, width, 3], the i-th blurred by a Gaussian of deviation `sigmas[i]` in pixels that is cut off
 * to `size` x `size`; 0 leaves an image as it is.
 *
 * Throws AttuneError 'shape' when `size` is not odd or more than an image has to mirror, when there are not as many
 * deviations as images, or one is below 0.
 */
export function gaussianBlur(images: TensorLike, size: number, sigmas: readonly number[]): Tensor {
  const given = asTensor(images);
  const [count, height, width] = expectImages('gaussianBlur', given);
  if (!(size % 2 === 1 && size >= 1 && (size - 1) / 2 < Math.min(height, width))) {
    throw shapeError(
      'gaussianBlur',
      `${size} is no size of a kernel for images of ${width} x ${height}`,
      `give an odd number up to ${2 * Math.min(height, width) - 1}`,
    );
  }
  if (sigmas.length !== count) {
    throw shapeError(
      'gaussianBlur',
      `${sigmas.length} deviations are given for ${count} images`,
      'give one for each image',
    );
  }
  const wrong = sigmas.find((sigma) => !(sigma >= 0 && sigma < Number.POSITIVE_INFINITY));
  if (wrong !== undefined)
    throw shapeError('gaussianBlur', `${wrong} is no deviation`, 'give a finite number of at least 0');
  const weights = Float32Array.from(sigmas.flatMap((sigma) => gaussianWeights(size, sigma)));
  return apply(gaussianBlurOperation, null, [given, tensor(weights, [count, size])]);
}

/** exp(-(x / sigma)^2 / 2) at whole x around 0, with sum 1; 1 in the middle where sigma is 0. */
function gaussianWeights(size: number, sigma: number): number[] {
  const radius = (size - 1) / 2;
  const heights = Array.from({ length: size }, (_, i) =>
    i === radius ? 1 : Math.exp(-0.5 * ((i - radius) / sigma) ** 2),
  );
  const total = heights.reduce((sum, height) => sum + height, 0);
  return heights.map((height) => height / total);
}
