/**
 * Augmentation on the device: each image of a batch of bytes goes through a transform of its own.
 *
 * Two launches: the tables of what each byte becomes (image-tables-kernel.ts), then every pixel from its image and
 * its table. Which transform an image has is data, so another draw is the same program.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import { float, type Kernel } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';
import { shapeError, showShape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import { asTensor, type Tensor, type TensorLike, tensor } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { AMOUNTS, CODES, encodeTransforms, type ImageTransform } from './image-transform.js';
import { imageTablesKernel, TABLE_BYTES } from './image-tables-kernel.js';
import { transformRow } from './transform-images-loop.js';

export interface TransformImagesAttributes {
  readonly images: number;
  readonly height: number;
  readonly width: number;
}

/** Pixels of an invocation: twelve bytes are three whole words. */
const PIXELS = 4;

export const transformImagesKernel: Kernel<TransformImagesAttributes> = {
  name: 'transformImages',
  bindings: [
    { name: 'images', access: 'read' },
    { name: 'codes', access: 'read' },
    { name: 'amounts', access: 'read' },
    { name: 'tables', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  shader: {
    variants: {
      pixels: {
        file: 'image/transform-images.wgsl',
        libraries: ['grid.wgsl', 'image-transform.wgsl', 'image-hue.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ images, height, width }) =>
          flatGrid(Math.ceil((images * height * width) / PIXELS), POINTWISE_WORKGROUP),
      },
    },
    choose: () => 'pixels',
    words: ({ images, height, width }) => [images * height * width, height, width, float(255)],
  },
  cpu: {
    units: ({ images, height }) => images * height,
    run({ attributes: { height, width }, operands: [images, codes, amounts, tables, y], begin, end }) {
      for (let row = begin; row < end; row++)
        transformRow({ images, codes, amounts, tables, y }, row, height, width);
    },
  },
  simd: simdEntry('transformImages', {
    arguments: ({ height, width }, [images, codes, amounts, tables, y], begin, end) => ({
      images,
      codes,
      amounts,
      tables,
      y,
      first: begin,
      last: end,
      height,
      width,
    }),
  }),
};

export const transformImagesOperation: Operation<null> = {
  name: 'transformImages',
  shape(_, [images, codes, amounts]) {
    expectImages('transformImages', images);
    expectDtype('transformImages', codes, 'int32', 'codes');
    expectDtype('transformImages', amounts, 'float32', 'amounts');
    return images.shape;
  },
  forward(_, [images, codes, amounts], shape) {
    const [count, height, width] = shape;
    const tables = emit(
      imageTablesKernel,
      { images: count, pixels: height * width },
      [images, codes, amounts],
      [count, TABLE_BYTES],
      'uint8',
    );
    const operands = [images, codes, amounts, tables];
    return emit(transformImagesKernel, { images: count, height, width }, operands, shape, 'uint8');
  },
  gradient: { notDifferentiable: 'bytes are whole numbers' },
};

/**
 * uint8 images [n, height, width, 3], the i-th after `transforms[i]`.
 *
 * Throws AttuneError 'shape' when there are not as many transforms as images, or one's number is out of range.
 */
export function transformImages(images: TensorLike, transforms: readonly ImageTransform[]): Tensor {
  const given = asTensor(images);
  const [count, height, width] = expectImages('transformImages', given);
  if (transforms.length !== count) {
    throw shapeError(
      'transformImages',
      `${transforms.length} transforms are given for ${count} images`,
      'give one for each image',
    );
  }
  const { codes, amounts } = encodeTransforms(transforms, height, width);
  const operands = [given, tensor(codes, [count, CODES]), tensor(amounts, [count, AMOUNTS])];
  return apply(transformImagesOperation, null, operands);
}

/** The shape of images as bytes; throws unless it is [n, height, width, 3]. */
export function expectImages(operation: string, images: Tensor): readonly number[] {
  expectDtype(operation, images, 'uint8', 'images');
  if (images.shape.length !== 4 || images.shape[3] !== 3) {
    throw shapeError(
      operation,
      `${showShape(images.shape)} is not the shape of images [n, height, width, 3]`,
      'give images in red, green and blue; reshape a single one to a batch of one',
    );
  }
  return images.shape;
}
