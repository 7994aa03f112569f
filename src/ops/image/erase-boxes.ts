/**
 * A rectangle of every image set to 0, which is the mean colour once images are normalised: what random erasing does
 * (Zhong et al., "Random erasing data augmentation", 2017; torchvision's RandomErasing with its default value).
 *
 *     y[image, row, column] = 0 where top <= row < bottom and left <= column < right of the image's box, else x
 */
import type { Kernel } from '../../device/kernel.js';
import { shapeError, showShape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { type FlatAttributes, flatRange, flatUnits, flatVariant } from '../core/flat.js';

interface EraseBoxesAttributes extends FlatAttributes {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export const eraseBoxesKernel: Kernel<EraseBoxesAttributes> = {
  name: 'eraseBoxes',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'boxes', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  shader: {
    variants: flatVariant<EraseBoxesAttributes>('image/erase-boxes.wgsl', []),
    choose: () => 'flat',
    words: ({ count, height, width, channels }) => [count, height, width, channels],
  },
  cpu: {
    units: flatUnits,
    run({ attributes, operands: [x, boxes, y], begin, end }) {
      const { count, height, width, channels } = attributes;
      const [first, last] = flatRange(count, begin, end);
      for (let i = first; i < last; i++) {
        const pixel = Math.floor(i / channels);
        const column = pixel % width;
        const line = Math.floor(pixel / width);
        const row = line % height;
        const box = 4 * Math.floor(line / height);
        const inside =
          row >= boxes[box] && column >= boxes[box + 1] && row < boxes[box + 2] && column < boxes[box + 3];
        y[i] = inside ? 0 : x[i];
      }
    },
  },
};

export const eraseBoxesOperation: Operation<null> = {
  name: 'eraseBoxes',
  shape(_, [x, boxes]) {
    expectDtype('eraseBoxes', x, 'float32', 'images');
    expectDtype('eraseBoxes', boxes, 'int32', 'boxes');
    if (
      x.shape.length !== 4 ||
      boxes.shape.length !== 2 ||
      boxes.shape[0] !== x.shape[0] ||
      boxes.shape[1] !== 4
    ) {
      throw shapeError(
        'eraseBoxes',
        `images ${showShape(x.shape)} and boxes ${showShape(boxes.shape)} are not [n, height, width, channels] and [n, 4]`,
        'give one box for each image: top, left, bottom, right',
      );
    }
    return x.shape;
  },
  forward: (_, [x, boxes], shape) => erase(x, boxes, shape),
  gradient: ({ inputs: [, boxes], gradient }) => [erase(gradient, boxes, gradient.shape), null],
};

function erase(x: Tensor, boxes: Tensor, shape: readonly number[]): Tensor {
  const [, height, width, channels] = shape;
  return emit(eraseBoxesKernel, { count: x.length, height, width, channels }, [x, boxes], shape);
}

/**
 * Images `x` [n, height, width, channels] (float32) with a rectangle of each set to 0; `boxes` [n, 4] (int32) are their
 * top, left, bottom and right in pixels, the last two not included. An empty one erases nothing.
 */
export function eraseBoxes(x: TensorLike, boxes: TensorLike): Tensor {
  return apply(eraseBoxesOperation, null, [x, boxes]);
}
