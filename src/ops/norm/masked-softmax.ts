/**
 * softmax along the last axis, and its logarithm, of the elements that a mask lets count:
 *
 *     s_j = x_j where the mask is not 0, else nothing (an int32 mask)      s_j = x_j + mask_j (a float32 mask)
 *     y_j = e^(s_j - m) / sum over k of e^(s_k - m),    m the largest s of the row
 *
 * What does not count, or has s_j = -Infinity, is 0, and -Infinity under the logarithm; so is a whole row of such, where the
 * formula would divide 0 by 0. With y from the forward pass,
 *
 *     dL/dx_j = y_j (dL/dy_j - sum over k of y_k dL/dy_k)        logarithm: dL/dx_j = dL/dy_j - e^(y_j) sum over k of dL/dy_k
 *
 * where only what counts is added up, and is 0 for the rest. A float32 mask has the gradient of x, added up over what it is
 * repeated along. softmax.ts has the softmax without a mask, and the functions that users call.
 */
import type { Kernel } from '../../device/kernel.js';
import { float } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';
import { broadcastShapes, broadcastStrides, sameShape, shapeError, showShape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import { emit, expectDtype } from '../core/apply.js';
import { padFront, padWords, stridedIndex } from '../core/strided.js';
import { CPU_ROWS, type RowAttributes, rowsOf } from '../reduce/argmax.js';
import { sumTo } from '../shape/broadcast.js';
import { rowVariants } from './layer-norm-kernels.js';

interface SoftmaxGradientAttributes extends RowAttributes {
  readonly logarithm: boolean;
}

interface MaskedSoftmaxAttributes extends SoftmaxGradientAttributes {
  /** The mask is int32 and says what counts; else it is float32 and is added. */
  readonly counts: boolean;
  /** x without its last axis, padded at the front, and where the mask's row of each of its rows begins. */
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** From one element of the mask's row to the next: 1, or 0 where one stands for all. */
  readonly columnStride: number;
}

export const maskedSoftmaxKernel: Kernel<MaskedSoftmaxAttributes> = {
  name: 'maskedSoftmax',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'counts', access: 'read', optional: true },
    { name: 'added', access: 'read', optional: true },
    { name: 'y', access: 'write' },
  ],
  shader: {
    ...rowVariants('masked-softmax', ['is-nan.wgsl', 'strided.wgsl']),
    words: ({ rows, columns, logarithm, counts, shape, strides, columnStride }) => [
      rows,
      columns,
      logarithm ? 1 : 0,
      counts ? 1 : 0,
      ...padWords(shape),
      ...padWords(strides),
      columnStride,
      // WGSL has no literal for it: it travels as data.
      float(Number.NEGATIVE_INFINITY),
    ],
  },
  cpu: {
    units: ({ rows }) => Math.ceil(rows / CPU_ROWS),
    run({ attributes, operands: [x, counting, added, y], begin, end }) {
      const { rows, columns, logarithm, counts, shape, strides, columnStride } = attributes;
      const nothing = Number.NEGATIVE_INFINITY;
      const last = Math.min(rows, end * CPU_ROWS);
      for (let row = begin * CPU_ROWS; row < last; row++) {
        const start = row * columns;
        const mask = stridedIndex(row, shape, strides);
        let largest = nothing;
        for (let j = 0; j < columns; j++) {
          const at = mask + j * columnStride;
          const score = counts ? (counting[at] === 0 ? nothing : x[start + j]) : x[start + j] + added[at];
          y[start + j] = score;
          largest = Math.max(largest, score);
        }
        let total = 0;
        for (let j = start; j < start + columns; j++) if (y[j] !== nothing) total += Math.exp(y[j] - largest);
        const logarithmOfTotal = Math.log(total);
        for (let j = start; j < start + columns; j++) {
          const shifted = y[j] - largest;
          if (y[j] === nothing) y[j] = logarithm ? nothing : 0;
          else y[j] = logarithm ? shifted - logarithmOfTotal : Math.exp(shifted) / total;
        }
      }
    },
  },
  simd: simdEntry('maskedSoftmax', {
    arguments({ rows, columns, logarithm, shape, strides, columnStride }, [x, counts, added, y], begin, end) {
      const [, n1, n2, n3, n4, n5] = shape;
      const [, s1, s2, s3, s4, s5] = strides;
      const range = { first: begin * CPU_ROWS, last: Math.min(rows, end * CPU_ROWS) };
      const places = { n2, n3, n4, n5, s1, s2, s3, s4, s5, columnStride };
      return { x, counts, added, y, columns, logarithm, n1, ...range, ...places };
    },
  }),
};

/** dx of softmax or its logarithm, from the result y. */
export const softmaxGradientKernel: Kernel<SoftmaxGradientAttributes> = {
  name: 'softmaxGradient',
  bindings: [
    { name: 'y', access: 'read' },
    { name: 'dy', access: 'read' },
    { name: 'dx', access: 'write' },
  ],
  shader: {
    ...rowVariants('softmax-gradient', ['is-nan.wgsl']),
    words: ({ rows, columns, logarithm }) => [rows, columns, logarithm ? 1 : 0],
  },
  cpu: {
    units: ({ rows }) => Math.ceil(rows / CPU_ROWS),
    run({ attributes: { rows, columns, logarithm }, operands: [y, dy, dx], begin, end }) {
      const nothing = Number.NEGATIVE_INFINITY;
      const last = Math.min(rows, end * CPU_ROWS);
      for (let row = begin * CPU_ROWS; row < last; row++) {
        const start = row * columns;
        let total = 0;
        for (let j = start; j < start + columns; j++)
          total += logarithm ? (y[j] === nothing ? 0 : dy[j]) : y[j] * dy[j];
        for (let j = start; j < start + columns; j++) {
          if (!logarithm) dx[j] = y[j] * (dy[j] - total);
          else dx[j] = y[j] === nothing ? 0 : dy[j] - Math.exp(y[j]) * total;
        }
      }
    },
  },
  simd: simdEntry('softmaxGradient', {
    arguments({ rows, columns, logarithm }, [y, dy, dx], begin, end) {
      return { y, dy, dx, first: begin * CPU_ROWS, last: Math.min(rows, end * CPU_ROWS), columns, logarithm };
    },
  }),
};

interface MaskedAttributes {
  readonly logarithm: boolean;
}

const nameOf = ({ logarithm }: MaskedAttributes) => (logarithm ? 'logSoftmax' : 'softmax');

/** Inputs: x, mask. */
export const maskedSoftmaxOperation: Operation<MaskedAttributes> = {
  name: 'maskedSoftmax',
  shape(attributes, [x, mask]) {
    const name = nameOf(attributes);
    expectDtype(name, x, 'float32');
    rowsOf(name, x);
    if (mask.dtype !== 'int32' && mask.dtype !== 'float32') {
      throw shapeError(
        name,
        `the mask has dtype ${mask.dtype}, not int32 or float32`,
        'an int32 mask is 1 where elements count, a float32 mask is added to them',
      );
    }
    if (!sameShape(broadcastShapes(name, x.shape, mask.shape), x.shape)) {
      throw shapeError(
        name,
        `a mask of shape ${showShape(mask.shape)} does not broadcast to ${showShape(x.shape)}`,
        'its sizes are those of what it masks, or 1 where it is repeated',
      );
    }
    return x.shape;
  },
  forward(attributes, [x, mask], shape) {
    const counts = mask.dtype === 'int32';
    const strides = broadcastStrides(mask.shape, shape);
    const places: MaskedSoftmaxAttributes = {
      logarithm: attributes.logarithm,
      counts,
      shape: padFront(shape.slice(0, -1), 1),
      strides: padFront(strides.slice(0, -1), 0),
      columnStride: strides[strides.length - 1],
      ...rowsOf('softmax', x),
    };
    return emit(maskedSoftmaxKernel, places, [x, counts ? mask : null, counts ? null : mask], shape);
  },
  gradient({ attributes: { logarithm }, inputs: [x, mask], output, gradient, wanted }) {
    const dx = emit(
      softmaxGradientKernel,
      { logarithm, ...rowsOf('softmax', x) },
      [output, gradient],
      x.shape,
    );
    return [dx, wanted[1] && mask.dtype === 'float32' ? sumTo(dx, mask.shape) : null];
  },
};
